"""The postings of refunds (docs/ledger.md, `refund.*`), and the payment that carries one out.

What is to be given back leaves its payee and the platform when it is asked for, and waits in refunds payable until
the provider says that it is done, or that it is not: apply books that (payments/pipeline/books.py).
"""

from __future__ import annotations

from typing import Any

from engine.core import clock
from engine.core.ids import uuid7
from engine.ledger import accounts, posting
from engine.ledger.chart import Kind
from engine.ledger.posting import Leg
from engine.outbox.emit import NewEvent, emit
from payments.models import Evidence, Payment, Refund
from payments.pipeline import evidence


def request(refund: Refund, payment: Payment) -> None:
    """Out of the payee's account and the fee, or out of unapplied what came late, into refunds payable. Writes in the
    caller's transaction."""
    at = _accounts(payment)
    parts = [(account, at["refunds_payable"], minor) for account, minor in _taken_from(refund, payment)]
    _post(refund, payment, "late.refund_requested" if refund.attempt_id else "refund.requested", parts)


def release(refund: Refund, payment: Payment) -> None:
    """The mirror of it: nothing was given back. Writes likewise."""
    at = _accounts(payment)
    parts = [(at["refunds_payable"], account, minor) for account, minor in _taken_from(refund, payment)]
    _post(refund, payment, "late.refund_released" if refund.attempt_id else "refund.released", parts)


def done_late(refund: Refund, payment: Payment) -> None:
    """What had come late went back after its refund had been given up: not out of the payee's account, from which apply
    took it (payments/pipeline/books.py), but out of unapplied, where it had been put back. Writes likewise."""
    at = _accounts(payment)
    _post(refund, payment, "late.refund_late", [(at["unapplied"], at["payable"], refund.amount_minor)])


def undone_late(refund: Refund, payment: Payment) -> None:
    """The mirror of that: it was taken back, and apply put it into the payee's account. Writes likewise."""
    at = _accounts(payment)
    _post(refund, payment, "late.refund_undone", [(at["payable"], at["unapplied"], refund.amount_minor)])


def _taken_from(refund: Refund, payment: Payment) -> list[tuple[int, int]]:
    """The accounts that what is given back comes out of, with how much of each."""
    at = _accounts(payment)
    if refund.attempt_id is not None:
        return [(at["unapplied"], refund.amount_minor)]
    return [
        (at[payees(payment)], refund.amount_minor - refund.fee_minor),
        (at["fee_income"], refund.fee_minor),
    ]


def by_hand(refund: Refund, payment: Payment) -> None:
    """A person gave it back: the payee what they had got directly, we what lay at the provider. Writes likewise."""
    at = _accounts(payment)
    if payment.settlement == "platform":
        parts = [(at["refunds_payable"], at["clearing"], refund.amount_minor)]
    else:
        parts = [
            (at["refunds_payable"], at["settled_direct"], refund.amount_minor - refund.fee_minor),
            (at["refunds_payable"], at["clearing"], refund.fee_minor),
        ]
    _post(refund, payment, "refund.by_hand", parts)


def send(refund: Refund, payment: Payment, charge: Evidence) -> None:
    """Schedule the payment that carries the refund out, by the provider that collected. Writes likewise."""
    now = clock.machine_now()
    at = clock.business_times([payment.clock_id], now)[payment.clock_id]
    carried = Payment.objects.create(
        id=uuid7(), operation="refund", provider=payment.provider, source_kind="refund", source_id=refund.pk,
        clock_id=payment.clock_id, queue_key=payment.pk, due_at=at, grace_until=at, settlement=payment.settlement,
        currency=refund.currency, amount_minor=refund.amount_minor, fee_minor=refund.fee_minor,
        instructions={"charge": _named(charge)}, accounts=_accounts(payment), next_action_at=now,
        correlation_id=payment.correlation_id, created_at=now,
    )  # fmt: skip
    payload = {
        "payment_id": carried.pk, "state": "scheduled", "amount_minor": carried.amount_minor,
        "currency": carried.currency, "source": ["refund", refund.pk], "provider": carried.provider,
    }  # fmt: skip
    emit([NewEvent("payment.scheduled", "payment", carried.pk, 1, carried.clock_id, at, carried.correlation_id,
                   payload)], machine_at=now)  # fmt: skip


def payees(payment: Payment) -> str:
    """The role of the account that the payee's part comes out of."""
    return "payable" if payment.settlement == "platform" else "billed"


def _named(charge: Evidence) -> dict[str, Any]:
    """By what the provider finds the charge (engine/providers/base.py, instructions of a refund)."""
    return {
        "provider_ref": charge.provider_ref or evidence.known(charge.attempt_id).provider_ref,
        "movement_id": charge.movement_id,
        "identity": charge.attempt.identity,
        "amount_minor": charge.gross_minor,
        "currency": charge.currency or charge.attempt.payment.currency,
        "detail": charge.detail,
    }


def _accounts(payment: Payment) -> dict[str, int]:
    """Those that were frozen with the payment, and what is to be given back."""
    key = accounts.Key(Kind.REFUNDS_PAYABLE, payment.currency)
    return {**payment.accounts, "refunds_payable": accounts.ensure([key])[key]}


def _post(refund: Refund, payment: Payment, kind: str, parts: list[tuple[int, int, int]]) -> None:
    now = clock.machine_now()
    at = clock.business_times([payment.clock_id], now)[payment.clock_id]
    legs = [
        Leg(kind, refund.pk, seq, debit, credit, refund.currency, minor, at)
        for seq, (debit, credit, minor) in enumerate(parts)
        if minor > 0
    ]
    posting.post(legs, machine_at=now)
