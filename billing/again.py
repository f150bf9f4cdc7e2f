"""Asking once more for open invoices of which nothing is under way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from billing import asking, states
from billing.asking import PAYABLE, NoPayment
from billing.draft import Draft
from engine.core import sql
from engine.core.errors import Refusal
from payments import charge

ARRIVED_LATE = NoPayment("money_arrived_late", "Money arrived for it late; a person decides.")
IN_QUESTION = NoPayment("payment_in_question", "A payment of it waits for a person's decision.")


def collect_again(
    subscription_id: UUID, *, machine_at: datetime, by_hand: bool = False, only: Sequence[UUID] | None = None
) -> list[UUID]:
    """Schedule a payment for each open invoice that has none; the invoices it did so for, oldest first.

    Writes in the caller's transaction. An invoice that can't be asked for gets its reason instead. What is
    in flight, unknown or parked keeps its reservation and is not asked for again (I4), nor is an invoice for
    which money arrived late, or of which a payment waits for a person (I1). `by_hand`: somebody asked for it,
    so it does not matter that automatic payment is off. `only`: of these invoices, where the others are not meant.
    """
    params = {"subscription_id": subscription_id, "only": None if only is None else list(only)}
    found = [Draft._make(row) for row in sql.rows(sql.statement(__file__, "take_open"), params)]
    # Read again under its lock: a subscription that was stopped while this waited is asked for nothing.
    drafts = [draft for draft in found if draft.state in states.ASKED]
    if not drafts:
        return []
    if by_hand:
        drafts = [draft._replace(auto_pay=True) for draft in drafts]
    undecided = in_question([draft.id for draft in drafts])
    asked = [undecided.get(draft.id) or asking.ask(draft, draft.due_minor) for draft in drafts]
    charges = [each for each in asked if not isinstance(each, NoPayment)]
    _reserve(drafts, asked)
    charge.schedule(charges, machine_at=machine_at)
    return [each.source_id for each in charges]


def in_question(invoice_ids: Sequence[UUID]) -> dict[UUID, NoPayment]:
    """Which of these invoices a person decides about before they are asked for again, and why. Reads."""
    found = sql.rows(sql.statement(__file__, "money_arrived"), {"ids": list(invoice_ids)})
    return {invoice_id: ARRIVED_LATE if late else IN_QUESTION for invoice_id, late in found}


def _reserve(drafts: Sequence[Draft], asked: Sequence[charge.Charge | NoPayment]) -> None:
    whys = [each if isinstance(each, NoPayment) else PAYABLE for each in asked]
    reserved = sql.rows(
        sql.statement(__file__, "reserve"),
        {
            "ids": [draft.id for draft in drafts],
            "collectings": [0 if isinstance(each, NoPayment) else each.amount_minor for each in asked],
            "reason_codes": [why.code for why in whys],
            "reasons": [why.sentence for why in whys],
        },
    )
    if len(reserved) != len(drafts):
        raise Refusal("invoice_closed", "an invoice was closed meanwhile; try again", param="subscription")
