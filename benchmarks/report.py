"""A run's figures beside their aims: printed as tables, kept as JSON and Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Figure:
    """One row: the values of its rounds, and the aim of the issue where there is one."""

    name: str
    values: Sequence[float]
    unit: str
    aim: str = ""

    @property
    def middle(self) -> float:
        return median(self.values)

    def cells(self) -> list[str]:
        spread = f"{_short(min(self.values))} to {_short(max(self.values))}" if len(self.values) > 1 else ""
        return [self.name, f"{_short(self.middle)} {self.unit}".strip(), spread, self.aim]


@dataclass(frozen=True)
class Section:
    """One measurement: how it was made and what came out."""

    letter: str
    title: str
    method: str
    figures: list[Figure] = field(default_factory=list)

    def lines(self) -> list[str]:
        head = ["figure", "median", "min to max", "aim"]
        rows = [head, *(figure.cells() for figure in self.figures)]
        widths = [max(len(row[n]) for row in rows) for n in range(len(head))]
        table = [
            "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |"
            for row in rows
        ]
        table.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        return [f"## ({self.letter}) {self.title}", "", self.method, "", *table, ""]


def machine_lines(facts: dict[str, str]) -> list[str]:
    """The machine as a list."""
    return [*(f"- {name}: {value}" for name, value in facts.items()), ""]


def write(
    form: str, facts: dict[str, str], sections: Sequence[Section], folder: Path = RESULTS
) -> list[Path]:
    """Write `<form>.json` and `<form>.md`; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join([f"# Benchmarks: {form} form", "", *machine_lines(facts), *_all_lines(sections)])
    data = {"form": form, "machine": facts, "sections": [asdict(section) for section in sections]}
    made = [folder / f"{form}.md", folder / f"{form}.json"]
    made[0].write_text(text)
    made[1].write_text(json.dumps(data, indent=1) + "\n")
    return made


def _all_lines(sections: Sequence[Section]) -> list[str]:
    return [line for section in sections for line in section.lines()]


def _short(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
