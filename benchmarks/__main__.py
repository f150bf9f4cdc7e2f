"""`make bench`, `make bench-long`: `python -m benchmarks [--long | --short] [--only a,b] [--to FOLDER]`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks import report
from benchmarks.house import House, house
from benchmarks.present import SECTIONS
from benchmarks.report import RESULTS, Section
from benchmarks.sizes import FORMS, MODULES, ORDER, POSTGRES, Size
from sandbox.run.deathsig import follow_make


def main(argv: list[str] | None = None) -> int:
    given = _arguments(argv)
    began = time.monotonic()
    with house(POSTGRES.get(given.form)) as made:
        facts = made.facts()
        print("\n".join(report.machine_lines(facts)), flush=True)
        sections = [_section(made, letter, FORMS[given.form][letter]) for letter in given.only]
    facts["took"] = f"{time.monotonic() - began:.0f} s"
    name = given.form if given.only == list(ORDER) else f"{given.form}-{''.join(given.only)}"
    for path in report.write(name, facts, sections, given.to):
        print(f"written: {path.name}")
    return 0


def _section(made: House, letter: str, sizes: list[Size]) -> Section:
    section = SECTIONS[letter]([made.measure(MODULES[letter], size) for size in sizes])
    print("\n".join(section.lines()), flush=True)
    return section


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--long", dest="form", action="store_const", const="long", help="the largest sizes")
    form.add_argument("--short", dest="form", action="store_const", const="short", help="tiny: does it run?")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(ORDER), help="such as a,c")
    parser.add_argument("--to", type=Path, default=RESULTS, help="folder for the results")
    parser.set_defaults(form="usual")
    given = parser.parse_args(argv)
    if unknown := set(given.only) - set(ORDER):
        parser.error(f"--only knows {', '.join(ORDER)}, not {', '.join(sorted(unknown))}")
    return given


if __name__ == "__main__":
    follow_make()
    sys.exit(main())
