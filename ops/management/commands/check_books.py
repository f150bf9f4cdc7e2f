"""manage.py check_books"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from ops import arguments, books, console
from ops.checks import CHECKS
from ops.console import Answer, AnsweringCommand, Table


class Command(AnsweringCommand):
    help = (
        "Check every invariant of the books in one read-only snapshot. Exit code 1 if one does not hold. "
        "Safe at any time, also while money is moving."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--suspense-hours", type=arguments.above_zero, default=books.SUSPENSE_HOURS, metavar="H",
            help="how long money may lie in suspense (default %(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--evidence-minutes", type=arguments.above_zero, default=books.EVIDENCE_MINUTES, metavar="M",
            help="list evidence that waits to be applied for longer (default %(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--seconds", type=arguments.above_zero, default=books.SECONDS, metavar="S",
            help="give up, with exit code 1, after so long (default %(default)g)",
        )  # fmt: skip

    def work(self, **options: Any) -> Answer:
        with console.progress() as bar:
            task = bar.add_task("checking", total=len(CHECKS))
            found = books.check_books(
                suspense_hours=options["suspense_hours"],
                evidence_minutes=options["evidence_minutes"],
                seconds=options["seconds"],
                done=lambda result: bar.update(task, advance=1, description=result.name),
            )
        data = {
            "at": found.at,
            "ok": not found.broken,
            "checks": [{**asdict(result), "broken": result.broken} for result in found.results],
        }
        names = ", ".join(result.name for result in found.broken)
        return Answer(data, _tables(found), _notes(found), f"the books are wrong: {names}" if names else "")


def _tables(found: books.Books) -> list[Table]:
    rows = [(_mark(result), result.name, result.count, result.sentence) for result in found.results]
    tables = [Table(f"Books at {found.at:%Y-%m-%d %H:%M:%S} UTC", ("", "check", "found", "rule"), rows)]
    for result in found.results:
        if result.examples:
            title = f"{result.name}: {result.count} found, {len(result.examples)} shown"
            shown = [list(example.values()) for example in result.examples]
            tables.append(Table(title, list(result.examples[0]), shown))
    return tables


def _mark(result: books.Result) -> str:
    if not result.violation:
        return "list"
    return "WRONG" if result.broken else "ok"


def _notes(found: books.Books) -> list[str]:
    rules = sum(result.violation for result in found.results)
    if found.broken:
        return [f"{len(found.broken)} of {rules} rules do not hold."]
    return [f"All {rules} rules hold."]
