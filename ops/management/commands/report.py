"""manage.py report"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from django.core.management.base import CommandParser

from engine.core import clock, money
from engine.core.errors import Refusal
from ops import arguments, console, report
from ops.console import Answer, AnsweringCommand, Table
from ops.report import Line

_COLUMNS = ("day", "currency", "settled", "settled amount", "failed", "failed amount", "canceled", "fees")


class Command(AnsweringCommand):
    help = (
        "What was settled, failed and canceled, and the platform's fees, per day (UTC, machine time) and currency. "
        "Days without a finished report are computed first. --csv is for a spreadsheet: amounts in major units."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--from", dest="first", type=arguments.day, metavar="DAY", help="default: 6 days before the last"
        )
        parser.add_argument("--to", dest="last", type=arguments.day, metavar="DAY", help="default: today")
        parser.add_argument(
            "--csv", action="store_true", help="comma-separated values on stdout, nothing else"
        )

    def work(self, **options: Any) -> Answer:
        if options["csv"] and options["json"]:
            raise Refusal("two_formats", "choose --csv or --json", param="csv")
        today = clock.machine_now().astimezone(UTC).date()
        last = options["last"] or today
        first = options["first"] or last - timedelta(days=6)
        with console.progress() as bar:
            task = bar.add_task("days", total=(last - first).days + 1)
            lines = report.lines(first, last, done=lambda: bar.update(task, advance=1))
        totals = report.totals(lines)
        data = {"from": first, "to": last, "lines": [line._asdict() for line in lines],
                "totals": [line._asdict() for line in totals]}  # fmt: skip
        tables = [Table(f"{first} to {last}", _COLUMNS, [_row(line) for line in lines])]
        tables.append(Table("In all", _COLUMNS, [_row(line) for line in totals]))
        return Answer(data, tables, [] if lines else ["Nothing ended on these days."])


def _row(line: Line) -> tuple[object, ...]:
    def major(minor: int) -> str:
        return format(money.to_major(minor, line.currency), "f")

    return (
        line.day or "all", line.currency, line.succeeded, major(line.succeeded_minor), line.failed,
        major(line.failed_minor), line.canceled, major(line.fee_minor),
    )  # fmt: skip
