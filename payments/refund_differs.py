"""A refund of another amount than was asked: what went back counts as given back, under a number of its own.

The one that was asked for is ended as nothing that moved, and what did move is recorded beside it, as if a person had
done it: whose part it is, is then found out as for any refund (docs/decisions/0022).
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from engine.core.actor import Actor
from payments import refund, refund_books, refunded, shares
from payments.models import Case, Evidence, Payment, Refund
from payments.pipeline.decision import ANOTHER_AMOUNT
from payments.pipeline.in_suspense import Held
from payments.refund_moves import move


def record(case: Case, held: Sequence[Held], *, reason: str, by: Actor) -> Refund:
    """Count what lay in suspense for this case as given back. Writes in the caller's transaction, which has taken it
    out of there. Raises HookRefused.

    The payment it was of counts as much as it has room for; whatever went back comes out of the payee's account.
    """
    asked = Refund.objects.get(pk=case.about.source_id)
    payment = Payment.objects.select_for_update().get(pk=asked.payment_id)
    amount = sum(one.amount_minor for one in held)
    counted = 0 if asked.attempt_id else min(amount, shares.left_of(payment))
    named = _movements(case.attempt_id)
    return book(
        payment, amount, counted=counted, reference=named, reason=reason, by=by, attempt_id=asked.attempt_id
    )


def book(
    payment: Payment,
    amount: int,
    *,
    counted: int,
    reference: str,
    reason: str,
    by: Actor,
    attempt_id: UUID | None = None,
) -> Refund:
    """A refund of what has left already, under `reference`; of it the payment, which is locked, counts `counted`.

    Writes. `attempt_id`: which brought what came late. Raises HookRefused.
    """
    fee = 0 if attempt_id else shares.fee_of(payment, amount)
    row = refund.new(payment, amount, fee, reason=reason, by=by, attempt_id=attempt_id)
    refund_books.request(row, payment)
    refunded.tell(row, payment, "refund.requested")
    row.reference, row.recorded_by, row.counted_minor = reference, by.name[:150], counted
    move(row, "by_hand")
    refund_books.by_hand(row, payment)
    refunded.done(row, payment)
    return row


def _movements(attempt_id: UUID | None) -> str:
    """By which the provider finds them."""
    said = Evidence.objects.filter(attempt_id=str(attempt_id), verdict=ANOTHER_AMOUNT).order_by("pk")
    return ", ".join(said.values_list("movement_id", flat=True))[:200]
