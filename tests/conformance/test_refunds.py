"""What every gateway with refunds in its sheet is held to: given back once, in part too; seen when it comes back."""

from __future__ import annotations

import time

import pytest

from engine.core.errors import Refusal
from ops import books
from payments.models import Refund
from tests.conformance.driven import Driven
from tests.conformance.outsides import REFUNDING
from tests.gateways.receiver import Receiver

LOST = "reset after success"
DAYS = 2 * 86_400.0
PATIENT = 10


pytestmark = pytest.mark.parametrize("driven", REFUNDING, indirect=True)


@pytest.fixture(autouse=True)
def funded(driven: Driven) -> None:
    """A charge alone does not cover itself: its fee is gone."""
    assert "refund" in driven.provider.sheet.operations
    driven.outside.fund()


def test_a_part_and_then_the_rest_are_given_back_once_each(driven: Driven) -> None:
    paid = driven.paid()
    whole = driven.payment(paid).amount_minor
    for amount, given in ((whole // 3, whole // 3), (None, whole - whole // 3)):
        carrier = driven.give_back(paid, amount)
        driven.settle(carrier, operation="refund")
        assert (driven.payment(carrier).state, driven.outside.given_back(carrier)) == ("succeeded", [given])
    one = driven.payment(paid)
    assert (one.refunding_minor, one.refunded_minor) == (0, whole)
    with pytest.raises(Refusal, match="is left"):
        driven.give_back(paid, 1)
    assert [
        each.name for each in books.check_books().broken if each.name not in ("receivables", "suspense")
    ] == []


def test_one_whose_answer_is_lost_is_given_back_once(driven: Driven) -> None:
    paid = driven.paid()
    driven.outside.fault(LOST, route=driven.outside.refunds)
    carrier = driven.give_back(paid)
    driven.settle(carrier, operation="refund")
    one = driven.payment(carrier)
    assert driven.outside.given_back(carrier) == [one.amount_minor]
    assert one.state == "succeeded", one.parked_reason


def test_one_that_comes_back_days_later_is_told_and_taken_out_of_the_books(
    driven: Driven,
    hooks: Receiver,
) -> None:
    """What the gateway says of it is a hint at our door: the look that it leads to finds the refund failed."""
    paid = driven.paid()
    driven.outside.fault("refund comes back")
    carrier = driven.give_back(paid)
    driven.settle(carrier, operation="refund")
    assert driven.payment(carrier).state == "succeeded"
    told = len(hooks.taken)
    driven.outside.gateways.advance(DAYS)
    driven.outside.gateways.quiet()
    for taken in hooks.taken[told:]:
        assert driven.told(taken.body, taken.headers) == 200
    for _ in range(PATIENT):
        driven.hear("refund")
        if driven.payment(carrier).state == "reversed":
            break
        time.sleep(0.1)  # an access token of days ago was refused first
    assert driven.outside.given_back(carrier) == []
    assert driven.payment(carrier).state == "reversed"
    one = driven.payment(paid)
    assert (one.refunding_minor, one.refunded_minor) == (0, 0)
    assert Refund.objects.get(payment=paid).state == "failed"
