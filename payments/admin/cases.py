"""What a person has to decide."""

from __future__ import annotations

from functools import partial

from django.contrib import admin

from engine.audit.preview import Operated, action
from engine.core import columns
from engine.core.actor import Role
from engine.core.listing import ByDay
from payments import cases, left_twice, models, suspense
from payments.admin.found import OfPayment


@admin.register(models.Case)
class CaseAdmin(OfPayment, Operated):
    list_display = ("id", "kind", "payment_id", "sentence_", "opened_at", "closed_at")
    list_filter = (("closed_at", admin.EmptyFieldListFilter), ByDay)

    actions = (
        action("Close", lambda pk, *, reason, by: cases.close_case(pk, resolution=reason, reason=reason, by=by),
               "Your reason stands as what came of it; what the case kept from going on may go on again.",
               role=Role.APPROVER),
        action("Apply its money", suspense.apply_money,
               "Its money in suspense was the payment's: what is due clears the debt, the rest is the customer's. What "
               "refused it is told again. The payment ends, the case is closed. What was paid after close pays its "
               "invoice after all. What a refund gave back of another amount counts as given back.",
               role=Role.APPROVER),
        action("Return its money", suspense.return_money,
               "Its money in suspense was given back, or is not ours: it leaves the books as it came, and nothing is "
               "sent; the payment ends unpaid. What was paid after close is refunded by its provider, and where that "
               "can't, it was given back by hand. Of a refund: nothing is gone, and it is called off. The "
               "case is closed.", role=Role.APPROVER),
        action("Record its money as returned", partial(suspense.return_money, by_hand=True),
               "The same, and what was paid after close was given back by a person: its provider is not asked.",
               role=Role.APPROVER),
        action("It left once", left_twice.once,
               "What was given back by hand, or by a dispute, and what its provider took back since are one movement. "
               "Where less had been given back, the rest counts as given back, too. The case is closed.",
               role=Role.APPROVER),
        action("It left twice", left_twice.twice,
               "They are two movements: a payment that stood as paid is reversed and owed again; what had left the "
               "books already is our loss. The case is closed.", role=Role.APPROVER),
    )  # fmt: skip

    @admin.display(description="sentence")
    def sentence_(self, case: models.Case) -> str:
        return columns.cut(case.sentence)

    def sentence(self, row: models.Case) -> str:
        return row.sentence
