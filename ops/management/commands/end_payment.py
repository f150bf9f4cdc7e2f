"""manage.py end_payment"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from engine.core.actor import of_shell
from engine.core.dry_run import kept_unless
from engine.rest import ids
from ops import console
from ops.console import Answer, AnsweringCommand
from payments import settle, story
from payments.models import Payment


class Command(AnsweringCommand):
    help = (
        "End a parked payment for which money arrived and which can't go on: canceled, or paid late where an earlier "
        "attempt was. What it was for hears of it; nothing is booked or sent, and its case stays open until somebody "
        "closes it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("payment", help="its id")
        console.reason(parser)
        console.dry_run(parser)

    def work(self, **options: Any) -> Answer:
        key = console.an_id("payment", options["payment"])
        with kept_unless(options["dry_run"]):
            settle.end_payment(key, reason=options["reason"], by=of_shell())
            ended = Payment.objects.get(pk=key)
            sentence = story.sentence(ended)
        data = {
            "dry_run": options["dry_run"], "payment": ids.show("payment", key), "state": ended.state,
            "sentence": sentence,
        }  # fmt: skip
        rolled_back = ["This was a dry run: all of it was rolled back."] if options["dry_run"] else []
        return Answer(data, notes=[sentence, *rolled_back])
