"""Refunds, and what a person does about those that no provider carries out."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from engine.audit.preview import Operated, action
from engine.core import columns, money
from engine.core.actor import Role
from engine.core.listing import ByDay
from engine.core.readonly import page_of
from payments import models, refund
from payments.admin.found import OfPayment
from payments.models import Payment


@admin.register(models.Refund)
class RefundAdmin(OfPayment, Operated):
    list_display = ("id", "state", "amount", "payment_id", "reason_", "created_by", "created_at")
    list_filter = ("state", ByDay)
    actions = (
        action("Cancel", refund.cancel,
               "Each that has not been sent, or that a person was to do, is called back: nothing is given back."),
        action("Record as done",
               lambda pk, *, reason, by: refund.record(pk, reference=reason[:200], reason=reason, by=by),
               "It was given back by hand: your reason names where that is found (a transfer's number, a signature). "
               "Nothing is sent from here; its case is closed.", role=Role.APPROVER, most=1),
    )  # fmt: skip

    @admin.display(description="amount")
    def amount(self, row: models.Refund) -> str:
        return columns.one_line(money.shown(row.amount_minor, row.currency))

    @admin.display(description="reason")
    def reason_(self, row: models.Refund) -> str:
        return columns.cut(row.reason)

    def links(self, row: Any) -> list[tuple[str, str]]:
        carried = Payment.objects.filter(source_kind="refund", source_id=row.pk).values_list("pk", flat=True)
        case = [("its case", page_of("payments_case", row.case_id))] if row.case_id else []
        return [
            *super().links(row),
            *(("carried out by", page_of("payments_payment", pk)) for pk in carried),
            *case,
        ]
