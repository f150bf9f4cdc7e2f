"""Disputes, and a look at them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from engine.audit.preview import Operated, action
from engine.core import columns, money
from engine.core.listing import ByDay
from engine.core.readonly import page_of
from payments import dispute, models
from payments.admin.found import OfPayment


@admin.register(models.Dispute)
class DisputeAdmin(OfPayment, Operated):
    list_display = ("id", "state", "amount", "reason", "evidence_due_at", "provider", "payment_id")
    list_filter = ("state", ByDay)
    actions = (
        action(
            "Look up now",
            dispute.look_up,
            "Its provider is asked how it stands; what changed is booked.",
            most=10,
        ),
    )

    @admin.display(description="amount")
    def amount(self, row: models.Dispute) -> str:
        return columns.one_line(money.shown(row.amount_minor, row.currency))

    def links(self, row: Any) -> list[tuple[str, str]]:
        return [*super().links(row), ("its case", page_of("payments_case", row.case_id))]
