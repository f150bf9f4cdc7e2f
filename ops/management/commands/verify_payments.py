"""manage.py verify_payments"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from django.core.management.base import CommandParser

from engine.core.errors import Refusal
from engine.core.ids import uuid7
from ops import arguments, console, looks, run
from ops.console import Answer, AnsweringCommand, Table
from payments.pipeline import lanes
from payments.pipeline.lanes import Lane


class Command(AnsweringCommand):
    help = (
        "Look up every payment whose outcome is open and whose next look is due, and apply what was found. "
        "May send the same identity again where the provider says that it is missing, never a new one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--provider", help="only this provider")
        parser.add_argument(
            "--seconds", type=arguments.above_zero, default=60.0, metavar="S",
            help="end after so long (default %(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be looked up; ask nobody, change nothing"
        )

    def work(self, **options: Any) -> Answer:
        chosen = _lanes(options["provider"])
        if options["dry_run"]:
            return _listed(chosen)
        console.right_networks()
        first, until = uuid7(), time.monotonic() + options["seconds"]
        total: Counter[str] = Counter()
        silent: run.Silent = {}
        with console.progress() as bar:
            task = bar.add_task("looking up", total=None)
            while done := run.look_up(chosen, until, silent):
                total += done
                bar.update(task, completed=total["looked_up"])
        outcomes = run.outcomes_since(first)
        data = {"dry_run": False, "looked_up": total["looked_up"], "applied": total["applied"],
                "recalled": total["recalled"], "unanswered": total["unanswered"], "silent": silent,
                "outcomes": [each._asdict() for each in outcomes]}  # fmt: skip
        note = f"{total['looked_up']} looked up, {total['applied']} pieces of evidence applied."
        return Answer(data, [_outcomes(outcomes)], [note], run.failure(silent))


def _lanes(provider: str | None) -> list[Lane]:
    chosen = [lane for lane in lanes.all_lanes() if provider in (None, lane.provider)]
    if not chosen:
        raise Refusal("provider_unknown", f"there is no provider {provider!r}", param="provider")
    return chosen


def _listed(chosen: list[Lane]) -> Answer:
    due = looks.due(chosen)
    data = {"dry_run": True, "due": [each._asdict() for each in due]}
    rows = [
        (each.provider, each.operation, each.attempt_state, each.payments,
         console.amount(each.amount_minor, each.currency), f"{each.oldest_at:%Y-%m-%d %H:%M:%S}")
        for each in due
    ]  # fmt: skip
    columns = ("provider", "operation", "attempt", "payments", "amount", "oldest sent")
    return Answer(data, [Table("Would be looked up", columns, rows)], ["Nobody was asked."])


def _outcomes(outcomes: list[run.Outcome]) -> Table:
    rows = [
        (each.outcome, each.payments, console.amount(each.amount_minor, each.currency)) for each in outcomes
    ]
    return Table("What became of them", ("outcome", "payments", "amount"), rows)
