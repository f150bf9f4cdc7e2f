"""manage.py refund_payment"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from engine.core import money
from engine.rest import ids
from ops import console
from ops.trying import PaymentCommand
from payments import refund


class Command(PaymentCommand):
    help = (
        "Give a paid payment back to its payer, whole or in part: by the provider that collected it, sent within "
        "seconds; where that can't, a case asks a person. Nothing becomes due again by it."
    )

    def add_what(self, parser: CommandParser) -> None:
        super().add_what(parser)
        said = "whole minor units; all that is left, if not given"
        parser.add_argument("--amount-minor", type=int, metavar="N", help=said)

    def act(self, options: dict[str, Any], who: dict[str, Any]) -> tuple[dict[str, Any], str]:
        key = console.an_id("payment", options["payment"])
        made = refund.request(key, amount_minor=options["amount_minor"], **who)
        shown = money.shown(made.amount_minor, made.currency)
        by = "a person is asked to do it" if made.state == refund.BY_HAND else "a worker sends it"
        data = {"refund": ids.show("refund", made.pk), "payment": ids.show("payment", key), "state": made.state,
                "amount_minor": made.amount_minor, "currency": made.currency}  # fmt: skip
        return data, f"{shown} is to be given back: {by}."
