"""manage.py show_payment"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from engine.core.errors import Refusal
from engine.rest import ids
from ops import console
from ops.console import Answer, AnsweringCommand, Table
from payments import find, story
from payments.models import Payment

MOST = 20


class Command(AnsweringCommand):
    help = (
        "Everything about one payment in time order (attempts, evidence, events, postings, acts of people), under one "
        "plain sentence about its state. Several that match are listed. Reads."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "term",
            help="its id, or that of its invoice, subscription, attempt or evidence; a signature, wallet, e-mail",
        )

    def work(self, **options: Any) -> Answer:
        term = options["term"].strip()
        found = list(Payment.objects.filter(pk__in=find.payments(term)).order_by("-pk")[: MOST + 1])
        if not found:
            raise Refusal("payment_unknown", f"nothing is known of {term!r}", param="payment")
        return _one(found[0]) if len(found) == 1 else _several(found)


def _one(payment: Payment) -> Answer:
    moments = story.timeline(payment.pk)
    sentence = story.sentence(payment)
    facts = {
        "id": ids.show("payment", payment.pk), "state": payment.state, "operation": payment.operation,
        "provider": payment.provider, "amount_minor": payment.amount_minor, "currency": payment.currency,
        "source": f"{payment.source_kind} {payment.source_id}", "created_at": payment.created_at,
        "ended_at": payment.ended_at, "next_action_at": payment.next_action_at,
        "parked_reason": payment.parked_reason, "correlation_id": payment.correlation_id,
    }  # fmt: skip
    data = {**facts, "sentence": sentence, "moments": [moment._asdict() for moment in moments]}
    shown = [(name.replace("_", " "), value) for name, value in facts.items() if value not in (None, "")]
    lines = [(f"{each.at:%Y-%m-%d %H:%M:%S.%f}"[:-3], each.kind, each.title, each.detail) for each in moments]
    tables = [
        Table("Payment", ("", ""), shown),
        Table("What happened (UTC)", ("at", "kind", "what", "detail"), lines),
    ]
    return Answer(data, tables, [sentence])


def _several(found: list[Payment]) -> Answer:
    shown = found[:MOST]
    rows = [(ids.show("payment", each.pk), each.state, console.amount(each.amount_minor, each.currency),
             f"{each.created_at:%Y-%m-%d %H:%M:%S}") for each in shown]  # fmt: skip
    data = {"payments": [{"id": row[0], "state": row[1], "created_at": each.created_at} for row, each in
                         zip(rows, shown, strict=True)], "more": len(found) > MOST}  # fmt: skip
    notes = ["Name one of them by its id."] + (
        ["There are more; these are the newest."] if data["more"] else []
    )
    return Answer(data, [Table("Payments that match", ("id", "state", "amount", "created"), rows)], notes)
