"""Whose part of what goes back is whose: what came late was never a part of it, and no part is below nothing."""

from __future__ import annotations

from uuid import UUID

from payments import refund, shares
from payments.models import Payment
from tests.payments.refunding import OLGA
from tests.payments.test_disputes import charged, gateway

__all__ = ["charged", "gateway"]


def given_back(payment: Payment, amount: int, fee: int, *, late: bool) -> None:
    attempt = payment.attempts.get().pk if late else None
    refund.new(payment, amount, fee, reason="r", by=OLGA, attempt_id=attempt)


def test_what_came_late_and_goes_back_takes_nothing_of_the_fee(charged: UUID) -> None:
    payment = Payment.objects.get(pk=charged)
    given_back(payment, 1000, 0, late=True)
    assert shares.fee_of(payment, 500) == 25, "half of the fee of 50, as if nothing else had gone back"


def test_of_a_charge_that_was_taken_back_no_part_is_below_nothing(charged: UUID) -> None:
    payment = Payment.objects.get(pk=charged)
    given_back(payment, 400, 20, late=False)
    payment.settled_minor = 0
    assert shares.fee_of(payment, 0) == 0
