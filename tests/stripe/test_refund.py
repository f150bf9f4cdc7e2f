"""Refunds: whole and in part, found again, and taken back by the payer's bank."""

from __future__ import annotations

from typing import Any

import pytest

from engine.core.errors import Refusal
from engine.providers.base import FailureClass, Outcome
from tests.stripe.shop import Attempt, Shop


def back(shop: Shop, amount: int = 2000, paid: dict[str, Any] | None = None) -> Attempt:
    """A refund that was prepared."""
    return shop.prepare("refund", amount, **(paid or shop.paid()))


def test_a_refund_gives_back_what_was_asked_and_once(shop: Shop) -> None:
    attempt = back(shop, 500)
    found = shop.send(attempt)
    assert (found.outcome, found.gross_minor, found.currency) == (Outcome.SUCCEEDED, 500, "USD")
    assert found.provider_ref == found.movement_id and found.movement_id.startswith("re_")
    assert [each["amount"] for each in shop.moved("refund", attempt)] == [500]
    assert shop.look(attempt).movement_id == found.movement_id
    assert shop.send(attempt).movement_id == found.movement_id, "the same key answers the same"
    assert len(shop.moved("refund", attempt)) == 1


def test_parts_add_up_to_what_was_paid_and_not_beyond(shop: Shop) -> None:
    paid = shop.paid()
    assert shop.send(back(shop, 1500, paid)).outcome is Outcome.SUCCEEDED
    beyond = shop.send(back(shop, 501, paid))
    assert (beyond.outcome, beyond.failure_class) == (Outcome.DECLINED, FailureClass.TECHNICAL)
    assert shop.send(back(shop, 500, paid)).outcome is Outcome.SUCCEEDED
    over = shop.send(back(shop, 1, paid))
    assert (over.outcome, over.failure_class, over.code) == (
        Outcome.DECLINED,
        FailureClass.HARD_DECLINE,
        "charge_already_refunded",
    )
    given = [each["amount"] for each in shop.world.ledger() if each["target"].endswith("payers")]
    assert sum(given) == 2000


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("reset_after_success", {}),
        ("timeout_after_success", {"seconds": 5}),
        ("500_after_success", {}),
        ("500_before", {}),
        ("timeout_before", {"seconds": 5}),
        ("malformed_json", {}),
        ("truncated", {}),
        ("unknown_status", {}),
        ("duplicate_key_conflict", {}),
    ],
    ids=str,
)
def test_a_refund_whose_answer_was_lost_is_found_and_given_once(
    shop: Shop, kind: str, how: dict[str, object]
) -> None:
    attempt = back(shop, 500)
    shop.world.fault(kind, route="POST /refunds", count=1, **how)
    assert shop.send(attempt).outcome is Outcome.UNKNOWN
    assert shop.recover(attempt).outcome is Outcome.SUCCEEDED
    assert len(shop.moved("refund", attempt)) == 1


def test_a_refund_is_never_said_to_be_absent(shop: Shop) -> None:
    """One call moves money here: what no list shows may still be on its way."""
    attempt = shop.older(back(shop), 100_000)
    assert shop.look(attempt).outcome is Outcome.MISSING


def test_a_refund_may_be_on_its_way(shop: Shop) -> None:
    attempt = back(shop)
    shop.world.decide("stripe", attempt.payable.payment_id.hex, outcome="pending", seconds=60)
    assert shop.send(attempt).outcome is Outcome.PENDING
    shop.world.advance(61)
    assert shop.look(attempt).outcome is Outcome.SUCCEEDED


def test_a_refund_that_never_arrived_is_declined(shop: Shop) -> None:
    attempt = back(shop)
    shop.world.decide("stripe", attempt.payable.payment_id.hex, outcome="pending", seconds=60, then="failed")
    shop.send(attempt)
    shop.world.advance(61)
    found = shop.look(attempt)
    assert (found.outcome, found.code) == (Outcome.DECLINED, "expired_or_canceled_card")


def test_a_disputed_charge_is_not_refunded(shop: Shop) -> None:
    paid = shop.paid()
    shop.world.do("stripe", "dispute", payment_intent=paid["charge"]["provider_ref"])
    found = shop.send(back(shop, 2000, paid))
    assert (found.outcome, found.failure_class, found.code) == (
        Outcome.DECLINED,
        FailureClass.HARD_DECLINE,
        "charge_disputed",
    )


def test_a_charge_without_a_name_is_refused_before_any_attempt(shop: Shop) -> None:
    with pytest.raises(Refusal) as refused:
        back(shop, 500, {"charge": {"provider_ref": ""}})
    assert refused.value.code == "charge_missing"


def test_a_refund_is_not_called_back(shop: Shop) -> None:
    attempt = back(shop, 500)
    shop.send(attempt)
    assert shop.provider.cancel(attempt.asked).outcome is Outcome.UNKNOWN
