"""The table of the gateways' storm: a column a rail, what became of its payments, and each fault that hit it."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.prove.rail_weather import RailWeather
from sandbox.prove.rails import RailResult


def rows(results: Sequence[RailResult]) -> list[list[str]]:
    """A line per quantity, a column per rail."""
    kinds = sorted({kind for each in results for kind in each.tally})
    found = [each.verdict for each in results]
    return [
        ["", *(each.rail for each in results)],
        ["payments", *(str(each.payments) for each in found)],
        ["paid at the gateway and in the books", *(str(each.succeeded) for each in found)],
        ["failed, nothing moved", *(str(each.failed) for each in found)],
        ["parked for a person", *(str(each.parked) for each in found)],
        ["refunds", *(str(each.refunds) for each in found)],
        ["given back at the gateway and in the books", *(str(each.refunds_given) for each in found)],
        ["failed, nothing given back", *(str(each.refunds_failed) for each in found)],
        ["parked for a person", *(str(each.refunds_parked) for each in found)],
        ["disputes in the books", *(str(each.disputes) for each in found)],
        ["attempts", *(str(each.attempts) for each in found)],
        ["sends", *(str(each.sends) for each in found)],
        ["requests that the gateway saw", *(str(each.requests) for each in results)],
        ["faults", *(str(sum(blown.fired for blown in each.tally.values())) for each in results)],
        *([f"  {kind}", *(_fired(each, kind) for each in results)] for kind in kinds),
        ["unknown, not parked", *(str(each.open_unknown) for each in found)],
        ["double", *(str(len(each.double)) for each in found)],
        ["lost", *(str(len(each.lost)) for each in found)],
        ["wrong in the books", *(str(len(each.wrong)) for each in found)],
        ["the gateway holds (minor units)", *(f"{each.outside_minor:,}" for each in found)],
        ["clearing holds", *(f"{each.clearing_minor:,}" for each in found)],
        [
            "  and suspense, as the gateway has it",
            *(f"{each.suspense_moved_minor:,} ({each.suspense})" for each in found),
        ],
        ["  and what nobody has seen", *(f"{each.unbooked_minor:,}" for each in found)],
        ["seconds", *(f"{each.seconds:.0f}" for each in results)],
    ]


def text(results: Sequence[RailResult], weather: RailWeather) -> str:
    """The table with how it was run."""
    table = rows(results)
    first = max(len(row[0]) for row in table)
    widths = [max(len(row[n]) for row in table) for n in range(1, len(results) + 1)]
    lines = [
        "  ".join([row[0].ljust(first), *(cell.rjust(w) for cell, w in zip(row[1:], widths, strict=True))])
        for row in table
    ]
    return "\n".join([*lines, *why(results), how(weather)])


def page(results: Sequence[RailResult], weather: RailWeather) -> list[str]:
    """The same in Markdown, as paragraphs."""
    head, *body = rows(results)
    cells = [[name.replace("  ", "&nbsp; "), *values] for name, *values in [head, *body]]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    lines.insert(1, "|---" * len(head) + "|")
    return ["## Gateways", "\n".join(lines), *why(results), f"{how(weather)}."]


def how(weather: RailWeather) -> str:
    return (
        f"each rail: {weather.payments} payments, each kind of fault on {weather.share:.0%} of calls (or callbacks), "
        f"all at once, and an outage in the middle of it, seed {weather.seed}; real web, workers, PostgreSQL, Valkey; "
        "the gateways are our simulator over HTTP, whose own books are the truth"
    )


def why(results: Sequence[RailResult]) -> list[str]:
    """A line for each reason for which payments are parked."""
    return [
        f"{each.rail}: {count} parked, {reason}"
        for each in results
        for reason, count in sorted(each.verdict.reasons.items())
    ]


def _fired(each: RailResult, kind: str) -> str:
    return str(each.tally[kind].fired) if kind in each.tally else ""
