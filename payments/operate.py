"""What an operator may do to one payment, each with a reason, in the audit. None of it moves money.

The pipeline goes on from the row; no outcome is typed in by hand (I4), but for what nobody can prove (absent.py).
"""

from __future__ import annotations

from uuid import UUID

from engine.audit.act import act
from engine.core import clock
from engine.core.actor import Actor
from engine.core.errors import Refusal
from payments import states
from payments.models import Attempt, Case, Evidence, Payment
from payments.pipeline import park
from payments.pipeline.decision import PAID_EARLIER

_KEPT = ("state", "version", "waiting", "next_action_at", "parked_at", "parked_reason")


def park_payment(payment_id: UUID, *, reason: str, by: Actor) -> None:
    """Set an open payment aside; it keeps its state and reservation. Writes.

    What is on its way can't be stopped: its evidence is stored and applied all the same. Raises Refusal if
    it has ended or is parked.
    """
    with act(by, "park", Payment, payment_id, fields=_KEPT, reason=reason, lock=True):
        payment = _locked(payment_id)
        _still_open(payment)
        if payment.parked_at is not None:
            raise Refusal("parked_already", f"it is parked: {payment.parked_reason}", param="payment")
        park.park([payment_id], reason, machine_at=clock.machine_now())


def unpark(payment_id: UUID, *, reason: str, by: Actor) -> None:
    """Let a parked payment go on: a scheduled one is due now, one in flight is looked up now. Writes.

    Raises Refusal if it is not parked, has ended, has an open case or evidence that waits, or if money
    arrived under one of its attempts: going on would then collect twice.
    """
    with act(by, "unpark", Payment, payment_id, fields=_KEPT, reason=reason, lock=True):
        payment = _locked(payment_id)
        if payment.parked_at is None:
            raise Refusal("not_parked", "it is not parked", param="payment")
        _still_open(payment)
        may_go_on(payment)
        payment.parked_at, payment.parked_reason = None, ""
        payment.version += 1
        _go_on(payment)
        park.tell_unparked(payment, reason)


def verify_now(payment_id: UUID, *, reason: str, by: Actor) -> None:
    """Look an in-flight payment up now instead of at its next look. Writes.

    Raises Refusal if it is not in flight or is parked.
    """
    with act(by, "verify_now", Payment, payment_id, fields=_KEPT, reason=reason, lock=True):
        payment = _locked(payment_id)
        if payment.state != Payment.State.IN_FLIGHT:
            raise Refusal("not_in_flight", f"it is {payment.state}: nothing to look up", param="payment")
        _not_parked(payment)
        _go_on(payment)


def retry_now(payment_id: UUID, *, reason: str, by: Actor) -> None:
    """Let a payment that waits (for funds, the payee, the provider, its next try) go now. Writes.

    Raises Refusal if it is not scheduled, is parked, waits behind an older one, or waits for nothing.
    """
    with act(by, "retry_now", Payment, payment_id, fields=_KEPT, reason=reason, lock=True):
        payment = _locked(payment_id)
        if payment.state != Payment.State.SCHEDULED:
            raise Refusal("not_scheduled", f"it is {payment.state}: nothing to retry", param="payment")
        _not_parked(payment)
        if payment.waiting == "queue":
            raise Refusal(
                "behind_another", "an older payment from the same source goes first", param="payment"
            )
        if not payment.waiting:
            raise Refusal("not_waiting", "it is due already", param="payment")
        _go_on(payment)


def _locked(payment_id: UUID) -> Payment:
    found = Payment.objects.select_for_update().filter(pk=payment_id).first()
    if found is None:
        raise Refusal("payment_unknown", f"there is no payment {payment_id}", param="payment")
    return found


def _still_open(payment: Payment) -> None:
    if payment.state not in states.OPEN_PAYMENT:
        raise Refusal("payment_ended", f"it is {payment.state}: nothing acts on it any more", param="payment")


def _not_parked(payment: Payment) -> None:
    if payment.parked_at is not None:
        raise Refusal("parked", f"it is parked: {payment.parked_reason}; unpark it first", param="payment")


def may_go_on(payment: Payment) -> None:
    """Raises Refusal where evidence, a case or money that arrived keeps a locked payment from going on; sets
    `stop_code` where it may be looked up and not be signed anew. Writes nothing.

    Read under the payment's lock, which apply holds when it opens a case. What was said goes first.

    What is in flight may be looked up whatever arrived under an earlier attempt: looking moves nothing, and
    what it moved has to be booked (I5). It is told not to be signed anew.
    """
    if Evidence.objects.filter(payment_id=payment.pk, applied_at=None).exists():
        raise Refusal("evidence_waits", "evidence of it is not applied yet; try again", param="payment")
    arrived = Attempt.objects.filter(payment=payment, state=Attempt.State.SUCCEEDED).exists()
    in_flight = payment.state == Payment.State.IN_FLIGHT
    # An amount that differs under an earlier attempt does not keep the one on its way from being looked up.
    unresolved = Attempt.objects.filter(payment=payment, state__in=states.UNRESOLVED_ATTEMPT)
    open_now = set(unresolved.values_list("pk", flat=True))
    any_case = False
    for case in Case.objects.filter(payment=payment, closed_at=None):
        any_case = True
        if not in_flight or (case.kind == "amount_differs" and case.attempt_id in open_now):
            raise Refusal(
                "case_open", f"a case of it is open ({case.kind}): {case.sentence}", param="payment"
            )
    if arrived and not in_flight:
        raise Refusal(
            "money_arrived", "money arrived under one of its attempts; going on would collect twice",
            param="payment",
        )  # fmt: skip
    if arrived:
        payment.stop_code, payment.stop_reason = "paid_earlier", PAID_EARLIER
    elif in_flight and any_case:
        payment.stop_code, payment.stop_reason = "case_open", "A case of it was open when it was let go on."


def _go_on(payment: Payment) -> None:
    payment.next_action_at = clock.machine_now()
    payment.waiting, payment.taken_count, payment.looks = "", 0, 0
    payment.save(
        update_fields=[
            "parked_at", "parked_reason", "next_action_at", "waiting", "taken_count", "looks", "version", "stop_code",
            "stop_reason",
        ]
    )  # fmt: skip
