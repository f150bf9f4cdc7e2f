"""manage.py process_due_payments"""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from engine.core import clock
from engine.core.errors import Refusal
from ops import arguments, console, plan, planned, run
from ops.console import Answer, AnsweringCommand, Table


class Command(AnsweringCommand):
    help = (
        "Bill what is due, send the payments, look up and apply their outcomes, until nothing is left to do or "
        "the time is over. Workers may run meanwhile. With --dry-run: the plan of exactly that, nothing is "
        "signed, sent or kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--dry-run", action="store_true",
            help="make the real plan and roll it back: obligations, amounts, rails, postings, events",
        )  # fmt: skip
        parser.add_argument(
            "--clock", type=arguments.clock_id, action="append", metavar="ID",
            help="bill this clock (may be repeated); default: real time and all running clocks",
        )  # fmt: skip
        parser.add_argument(
            "--seconds", type=arguments.above_zero, default=settings.ENV.max_processing_time / 1000, metavar="S",
            help="begin nothing new after so long (default MAX_PROCESSING_TIME, %(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--limit",
            type=arguments.whole,
            metavar="N",
            help="with --dry-run: plan for at most N subscriptions",
        )

    def work(self, **options: Any) -> Answer:
        if options["limit"] and not options["dry_run"]:
            raise Refusal("limit_without_dry_run", "--limit is for --dry-run", param="limit")
        if not options["dry_run"]:
            console.right_networks()
        clocks = options["clock"] or clock.moving_clocks()
        with console.progress() as bar:
            task = bar.add_task("planning" if options["dry_run"] else "working", total=None)
            if options["dry_run"]:
                made = plan.plan(
                    clocks=clocks, limit=options["limit"], say=lambda seen: bar.update(task, completed=seen)
                )
                return planned.answer(made, clocks)

            def say(total: Counter[str]) -> None:
                bar.update(task, completed=total["sent"], description=f"{total['claimed']} billed, sent:")

            ran = run.run(clocks=clocks, seconds=options["seconds"], say=say)
        return _answer(ran, clocks)


def _answer(ran: run.Ran, clocks: list[int]) -> Answer:
    counts = {name: ran.counts.get(name, 0) for name in _WORDS}
    data = {"dry_run": False, "clocks": clocks, "idle": ran.idle, "stopped": ran.stopped, "silent": ran.silent,
            **counts, "outcomes": [each._asdict() for each in ran.outcomes]}  # fmt: skip
    did = Table("Done", ("", "count"), [(_WORDS[name], count) for name, count in counts.items()])
    rows = [
        (each.outcome, each.payments, console.amount(each.amount_minor, each.currency))
        for each in ran.outcomes
    ]
    outcomes = Table("Payments that were answered", ("outcome", "payments", "amount"), rows)
    notes = ["Nothing is left that would move on soon." if ran.idle else "The time was over; run it again."]
    notes += [f"{provider} is stopped: nothing is sent through it." for provider in ran.stopped]
    return Answer(data, [did, outcomes], notes, run.failure(ran.silent))


_WORDS = {
    "claimed": "periods billed",
    "held": "subscriptions held",
    "finalized": "invoices opened",
    "voided": "drafts voided",
    "drafts_held": "drafts held",
    "payments": "payments scheduled",
    "sent": "sends",
    "looked_up": "look-ups",
    "unanswered": "times a payment waited for a provider that did not answer",
    "applied": "pieces of evidence applied",
    "recalled": "stopped payments taken back",
}
