"""The end of a parked payment that can't go on, by an approver: its source hears of it, nothing is booked or sent.

What arrived was booked when it was found: to suspense where its amount differed, to unapplied where it came late.
In suspense it stands until a person has said whose it is (payments/suspense.py).
"""

from __future__ import annotations

from uuid import UUID

from engine.audit.act import act
from engine.core.actor import Actor, Role
from engine.core.errors import Refusal, first_line
from payments import states
from payments.models import Attempt, Case, Evidence, Payment
from payments.pipeline import end, paid_earlier
from payments.pipeline.decision import PAID_EARLIER
from payments.pipeline.end import DIFFERS, Why
from payments.sources import HookRefused

_KEPT = ("state", "version", "settled_minor", "failure_code", "failure_message", "parked_at", "parked_reason")


def end_payment(payment_id: UUID, *, reason: str, by: Actor) -> None:
    """End a parked payment for which money arrived: canceled, and paid late if an earlier attempt was. Writes.

    Its reservation comes off; its case stays open until somebody closes it. Raises Refusal if it is not parked,
    has ended, may go on, has evidence that waits or an attempt that may still act, or if its source refuses.
    """
    with act(
        by, "end_payment", Payment, payment_id, fields=_KEPT, reason=reason, role=Role.APPROVER, lock=True
    ):
        payment = Payment.objects.select_for_update().filter(pk=payment_id).first()
        if payment is None:
            raise Refusal("payment_unknown", f"there is no payment {payment_id}", param="payment")
        if payment.state not in states.OPEN_PAYMENT:
            raise Refusal(
                "payment_ended", f"it is {payment.state}: nothing acts on it any more", param="payment"
            )
        if payment.parked_at is None:
            raise Refusal("not_parked", "it is not parked", param="payment")
        end_open(payment)


def end_open(payment: Payment) -> None:
    """The same in the caller's transaction and act, for an open payment that it has locked. Writes, raises Refusal."""
    why = _why(payment)
    try:
        end.end(payment, why)
    except HookRefused as fault:
        raise Refusal("source_refused", f"what it was for refuses that: {first_line(fault)}",
                      param="payment") from fault  # fmt: skip


def _why(payment: Payment) -> Why:
    """Read under the payment's lock, which apply holds when it opens a case."""
    if Evidence.objects.filter(payment_id=payment.pk, applied_at=None).exists():
        raise Refusal("evidence_waits", "evidence of it is not applied yet; try again", param="payment")
    differs = Case.objects.filter(payment=payment, kind=DIFFERS, closed_at=None)
    unresolved = Attempt.objects.filter(payment=payment, state__in=states.UNRESOLVED_ATTEMPT).first()
    if unresolved is not None and not differs.filter(attempt_id=unresolved.pk).exists():
        raise Refusal("attempt_unresolved", "an attempt of it may still move money (I4): it can't be ended before "
                      "that is known", param="payment")  # fmt: skip
    paid = paid_earlier.identities([payment.pk]).get(payment.pk, "")
    if paid:
        return Why(paid_earlier.CODE, PAID_EARLIER, paid, unresolved)
    case = differs.first()
    if case is None:
        raise Refusal("may_go_on", "no money arrived for it: unpark it, or call it back", param="payment")
    return Why(DIFFERS, case.sentence, "", unresolved)
