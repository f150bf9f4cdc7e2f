"""manage.py end_payment"""

from __future__ import annotations

from typing import Any

from engine.rest import ids
from ops import console
from ops.trying import PaymentCommand
from payments import settle, story
from payments.models import Payment


class Command(PaymentCommand):
    help = (
        "End a parked payment for which money arrived and which can't go on: canceled, or paid late where an earlier "
        "attempt was. What it was for hears of it; nothing is booked or sent, and its case stays open until somebody "
        "closes it."
    )

    def act(self, options: dict[str, Any], who: dict[str, Any]) -> tuple[dict[str, Any], str]:
        key = console.an_id("payment", options["payment"])
        settle.end_payment(key, **who)
        ended = Payment.objects.get(pk=key)
        sentence = story.sentence(ended)
        return {"payment": ids.show("payment", key), "state": ended.state, "sentence": sentence}, sentence
