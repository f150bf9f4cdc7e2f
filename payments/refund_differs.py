"""A refund of another amount than was asked: what went back counts as given back, under a number of its own.

The one that was asked for is ended as nothing that moved, and what did move is recorded beside it, as if a person had
done it: whose part it is, is then found out as for any refund (docs/decisions/0022).
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from engine.core import clock, money
from engine.core.actor import Actor
from payments import late, refund, shares
from payments.models import Case, Evidence, Payment, Refund
from payments.pipeline.decision import ANOTHER_AMOUNT
from payments.pipeline.in_suspense import Held


def record(case: Case, held: Sequence[Held], *, reason: str, by: Actor) -> Refund:
    """Count what lay in suspense for this case as given back. Writes in the caller's transaction, which has taken it
    out of there. Raises HookRefused.

    The payment it was of counts as much as it has room for; whatever went back comes out of the payee's account.
    """
    asked = Refund.objects.get(pk=case.about.source_id)
    payment = Payment.objects.select_for_update().get(pk=asked.payment_id)
    amount, came_late = sum(one.amount_minor for one in held), asked.attempt_id is not None
    fee = 0 if came_late else shares.fee_of(payment, amount)
    row = refund.done_by_hand(
        payment, amount, fee, reference=_movements(case.attempt_id), reason=reason, by=by, attempt_id=asked.attempt_id
    )  # fmt: skip
    if came_late:
        _tell_case(row, payment, by)
    return row


def _tell_case(row: Refund, payment: Payment, by: Actor) -> None:
    """Of what came late: its case asks about the rest, or is closed where there is none. Writes."""
    back = f"{money.shown(row.amount_minor, row.currency)} went back, refund {row.refund_no}"
    of_it = Case.objects.filter(payment=payment, kind=late.CASE, attempt_id=row.attempt_id, closed_at=None)
    for case in of_it:
        left = late.left_of(case)
        if left:
            sentence = f"it came late: {back}, and {money.shown(left, row.currency)} of it is still here"
            of_it.update(sentence=sentence)
        else:
            of_it.update(closed_at=clock.machine_now(), closed_by=by.name[:150], resolution=back)


def _movements(attempt_id: UUID | None) -> str:
    """By which the provider finds them."""
    said = Evidence.objects.filter(attempt_id=str(attempt_id), verdict=ANOTHER_AMOUNT).order_by("pk")
    return ", ".join(said.values_list("movement_id", flat=True))[:200]
