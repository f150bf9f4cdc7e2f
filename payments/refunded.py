"""What became of refunds: apply tells the ends of the payments that carry them out, in its own transaction.

A payment's counters and its refunds' states change together here, and what the payment was for is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from engine.core import clock
from engine.core.errors import Refusal
from engine.outbox.emit import NewEvent, emit
from payments import refund_books, shares, sources
from payments.models import Case, Payment, Refund
from payments.pipeline.decision import LATE_CASE
from payments.refund_moves import move
from payments.sources import SourceChange

CASE = "refund_by_hand"
BY_HAND = Refund.State.BY_HAND


def payments_changed(changes: Sequence[SourceChange]) -> None:
    """Record ends of payments that carry refunds out. Writes in the caller's transaction.

    Done, it is refunded; given up, it goes back to whom it was taken from; taken back after it was done, likewise.
    What is done after it had been given up is refunded all the same, a case says so. Raises Refusal for a refund that
    is not there.
    """
    refunds = _locked([change.source_id for change in changes])
    for change in changes:
        if change.source_id not in refunds:
            raise Refusal("refund_unknown", f"there is no refund {change.source_id}", param="source_id")
        refund, payment = refunds[change.source_id]
        if change.state == "succeeded":
            succeed(refund, payment)
        elif change.state == "succeeded_late":
            _late(refund, payment)
        elif change.state == "reversed":
            _taken_back(refund, payment, change)
        else:
            release(refund, payment, change.state, code=change.failure_code, message=change.failure_message)


def succeed(refund: Refund, payment: Payment) -> None:
    """It is given back; both rows are locked. Writes."""
    _count(refund, payment, refunding=-refund.amount_minor)
    done(refund, payment)


def done(refund: Refund, payment: Payment) -> None:
    """It is given back, and nothing waited for it on the payment's counters. Both rows are locked. Writes."""
    _count(refund, payment, refunded=refund.counted_minor)
    move(refund, "succeeded")
    tell(refund, payment, "refund.succeeded")


def release(refund: Refund, payment: Payment, state: str, *, code: str, message: str) -> None:
    """Nothing is given back: `state` is failed or canceled. Both rows are locked. Writes."""
    _count(refund, payment, refunding=-refund.amount_minor)
    refund_books.release(refund, payment)
    refund.failure_code, refund.failure_message = code[:60], message
    move(refund, state)
    tell(refund, payment, f"refund.{state}")
    _ask_again(refund, payment)


def _late(refund: Refund, payment: Payment) -> None:
    """It moved after all. Apply booked it out of the payee's account; counted is what the payment has room for."""
    if refund.attempt_id is not None:
        refund_books.done_late(refund, payment)
    else:
        refund.counted_minor = min(refund.amount_minor, shares.left_of(payment))
    done(refund, payment)


def _taken_back(refund: Refund, payment: Payment, change: SourceChange) -> None:
    """Of one that was done late, what had been asked for went back when it was given up."""
    _count(refund, payment, refunded=-refund.counted_minor)
    if not Payment.objects.filter(pk=change.payment_id, state=Payment.State.SUCCEEDED_LATE).exists():
        refund_books.release(refund, payment)
    elif refund.attempt_id is not None:
        refund_books.undone_late(refund, payment)
    refund.failure_code = change.failure_code or "reversed"
    refund.failure_message = change.failure_message
    move(refund, "failed")
    tell(refund, payment, "refund.failed")
    _ask_again(refund, payment)


def _count(refund: Refund, payment: Payment, *, refunding: int = 0, refunded: int = 0) -> None:
    """On the payment and on what it was for. What came late was never counted there. Writes. Raises HookRefused."""
    if refund.attempt_id is not None:
        return
    payment.refunding_minor += refunding
    payment.refunded_minor += refunded
    payment.save(update_fields=["refunding_minor", "refunded_minor"])
    if refunded:
        _tell_source(refund, payment, "refunded", refunded)


def _ask_again(refund: Refund, payment: Payment) -> None:
    """What came late lies in unapplied again: its case is open again. Writes."""
    if refund.attempt_id is not None:
        Case.objects.filter(payment=payment, kind=LATE_CASE, attempt_id=refund.attempt_id).update(
            closed_at=None, closed_by="", resolution="", opened_at=clock.machine_now(),
            sentence=f"it came late and is still here: its refund {refund.state}, {_why(refund)}",
        )  # fmt: skip


def _why(refund: Refund) -> str:
    return (refund.failure_message or refund.failure_code).rstrip(". ")


def tell(refund: Refund, payment: Payment, event: str) -> None:
    """Emit what happened to a refund. Writes in the caller's transaction."""
    now = clock.machine_now()
    at = clock.business_times([payment.clock_id], now)[payment.clock_id]
    payload = {
        "refund_id": refund.pk, "payment_id": payment.pk, "refund_no": refund.refund_no, "state": refund.state,
        "amount_minor": refund.amount_minor, "currency": refund.currency, "code": refund.failure_code,
        "reason": refund.failure_message or refund.reason, "source": [payment.source_kind, payment.source_id],
    }  # fmt: skip
    emit([NewEvent(event, "refund", refund.pk, refund.version, payment.clock_id, at, payment.correlation_id, payload)],
         machine_at=now)  # fmt: skip


def _tell_source(refund: Refund, payment: Payment, state: str, minor: int) -> None:
    """What the payment was for shows what was given back of it. Raises HookRefused."""
    now = clock.machine_now()
    at = clock.business_times([payment.clock_id], now)[payment.clock_id]
    sources.tell([
        SourceChange(payment.pk, payment.source_kind, payment.source_id, payment.no, state, payment.currency, minor, 0,
                     "", "", refund.reason, payment.clock_id, at, now, payment.correlation_id)
    ])  # fmt: skip


def _locked(refund_ids: Sequence[UUID]) -> dict[UUID, tuple[Refund, Payment]]:
    """Refunds with their payments, the payments first and in id order."""
    found = dict(Refund.objects.filter(pk__in=list(refund_ids)).values_list("pk", "payment_id"))
    payments = Payment.objects.select_for_update().filter(pk__in=found.values()).order_by("pk").in_bulk()
    refunds = Refund.objects.select_for_update().filter(pk__in=found).order_by("pk").in_bulk()
    return {pk: (refund, payments[refund.payment_id]) for pk, refund in refunds.items()}
