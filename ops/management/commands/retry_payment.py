"""manage.py retry_payment"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from engine.core.actor import of_shell
from engine.core.dry_run import kept_unless
from engine.rest import ids
from ops import console
from ops.console import Answer, AnsweringCommand
from payments import operate
from payments.models import Payment


class Command(AnsweringCommand):
    help = (
        "Let a payment go now instead of at its next time: one that waits is tried, one in flight is looked up. An "
        "outcome is never typed in, and nothing is sent under a new identity while an old one is open. A worker does "
        "the rest."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("payment", help="its id")
        console.reason(parser)
        console.dry_run(parser)

    def work(self, **options: Any) -> Answer:
        key = console.an_id("payment", options["payment"])
        state = Payment.objects.filter(pk=key).values_list("state", flat=True).first()
        verb = operate.verify_now if state == Payment.State.IN_FLIGHT else operate.retry_now
        with kept_unless(options["dry_run"]):
            verb(key, reason=options["reason"], by=of_shell())
        did = "looked up" if verb is operate.verify_now else "tried"
        data = {"dry_run": options["dry_run"], "payment": ids.show("payment", key), "verb": verb.__name__}
        would = "would be" if options["dry_run"] else "is"
        return Answer(data, notes=[f"It {would} {did} by the next worker, within seconds."])
