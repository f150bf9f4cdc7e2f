"""Refunds have no reference at Paystack: each is asked for once, and found by its mark."""

from __future__ import annotations

import pytest

from engine.core.errors import Refusal
from engine.providers.base import FailureClass, Outcome, ProviderUnavailable
from tests.paystack.desk import ATTENTION, AVAILABLE, GOOD, REFUND_FAILS, Desk
from tests.paystack.recorder import Recorder

REFUND = "POST /refund$"


@pytest.fixture(autouse=True)
def _some_balance(world) -> None:
    world.give(AVAILABLE, "NGN", 1_000)


def test_a_refund_whole_and_in_parts(desk: Desk) -> None:
    charge, paid = desk.paid()
    parts = [desk.refund(charge, paid, amount) for amount in (4_000, 6_000)]
    asked = [desk.send(one) for one in parts]
    assert [each.outcome for each in asked] == [Outcome.PENDING] * 2 and desk.moved("refund") == []
    assert all(each.provider_ref.startswith("refund:") for each in asked)
    desk.world.advance(61)
    ends = [desk.look(one, said) for one, said in zip(parts, asked, strict=True)]
    assert [(each.outcome, each.gross_minor, each.currency) for each in ends] == [
        (Outcome.SUCCEEDED, 4_000, "NGN"), (Outcome.SUCCEEDED, 6_000, "NGN"),
    ]  # fmt: skip
    assert len({each.movement_id for each in ends}) == 2 and desk.moved("refund") == [4_000, 6_000]


@pytest.mark.parametrize(
    "kind", ["timeout_after_success", "reset_after_success", "500_after_success", "malformed_json", "drip"]
)
def test_a_refund_whose_answer_was_lost_is_found_by_its_mark(desk: Desk, hasty: None, kind: str) -> None:
    charge, paid = desk.paid()
    other = desk.refund(charge, paid, 1_000)
    desk.send(other)
    one = desk.refund(
        charge, paid, 1_000
    )  # the same amount of the same charge: only the mark tells them apart
    desk.world.fault(kind, route=REFUND, count=1, delay_ms=20)
    assert desk.send(one).outcome is Outcome.UNKNOWN
    seen = desk.look(one)
    assert seen.outcome is Outcome.PENDING and seen.provider_ref != desk.look(other).provider_ref
    desk.world.advance(61)
    assert desk.look(one).outcome is Outcome.SUCCEEDED and desk.moved("refund") == [1_000, 1_000]


@pytest.mark.parametrize("kind", ["timeout_before", "500_before", "outage"])
def test_a_refund_that_is_not_seen_is_never_said_to_be_missing(desk: Desk, hasty: None, kind: str) -> None:
    """The money rule: what is MISSING is sent again, and a second request is a second refund."""
    charge, paid = desk.paid()
    one = desk.refund(charge, paid, 1_000)
    desk.world.fault(kind, route=REFUND, count=1, period=60)
    assert desk.send(one).outcome is Outcome.UNKNOWN
    found = desk.look(one)
    assert (found.outcome, found.code) == (Outcome.UNKNOWN, "refund_not_seen")
    assert desk.moved("hold") == []


def test_two_under_one_mark_are_a_persons_business(desk: Desk) -> None:
    """Sent twice against the rule: the simulator gives it back twice, and it is seen."""
    charge, paid = desk.paid()
    one = desk.refund(charge, paid, 1_000)
    desk.send(one)
    desk.send(one)
    found = desk.look(one)
    assert (found.outcome, found.code, found.detail["park"]) == (Outcome.UNKNOWN, "refunded_twice", True)


def test_a_refund_may_need_the_payers_account_or_fail(desk: Desk) -> None:
    made = {}
    for card in (ATTENTION, REFUND_FAILS):
        charge, paid = desk.paid(card)
        one = desk.refund(charge, paid, 900)
        made[card] = one, desk.send(one)
    desk.world.advance(61)
    asks = desk.look(*made[ATTENTION])
    assert (asks.outcome, asks.code) == (Outcome.PENDING, "needs_attention") and "dashboard" in asks.message
    fails = desk.look(*made[REFUND_FAILS])
    assert (fails.outcome, fails.failure_class) == (Outcome.REVERSED, FailureClass.HARD_DECLINE)
    assert desk.moved("refund") == []


def test_a_refund_may_come_back_days_later(desk: Desk) -> None:
    charge, paid = desk.paid()
    one = desk.refund(charge, paid, 900)
    desk.world.fault("late_reversal", route=REFUND, days=3)
    said = desk.send(one)
    desk.world.advance(61)
    done = desk.look(one, said)
    assert done.outcome is Outcome.SUCCEEDED
    desk.world.advance(3 * 86_400)
    back = desk.look(one, said, done)
    assert (back.outcome, back.provider_ref) == (Outcome.REVERSED, done.provider_ref)
    assert desk.moved("return") == [900]


def test_more_than_is_left_is_refused(desk: Desk) -> None:
    charge, paid = desk.paid()
    desk.send(desk.refund(charge, paid, 9_000))
    found = desk.send(desk.refund(charge, paid, 1_001))
    assert (found.outcome, found.failure_class) == (Outcome.DECLINED, FailureClass.HARD_DECLINE)
    assert found.code == "not_refundable" and desk.moved("hold") == [9_000]


def test_a_balance_that_is_too_low_waits_for_us(desk: Desk) -> None:
    charge, paid = desk.paid()
    desk.world.give(AVAILABLE, "NGN", -10_000)
    found = desk.send(desk.refund(charge, paid, 5_000))
    assert (found.failure_class, found.code) == (FailureClass.TECHNICAL, "balance_too_low")


def test_a_refund_of_the_other_mode_is_parked(desk: Desk) -> None:
    charge, paid = desk.paid()
    desk.world.configure("paystack", livemode=True)
    found = desk.send(desk.refund(charge, paid, 900))
    assert (found.outcome, found.code) == (Outcome.UNKNOWN, "wrong_mode")


@pytest.mark.parametrize("kind", ["unknown_status", "wrong_amount"])
def test_a_look_up_of_a_refund_that_says_something_else(desk: Desk, kind: str) -> None:
    charge, paid = desk.paid()
    one = desk.refund(charge, paid, 900)
    said = desk.send(one)
    desk.world.advance(61)
    desk.world.fault(kind, route="GET /refund/", count=1, amount=100)
    found = desk.look(one, said)
    if kind == "unknown_status":
        assert (found.outcome, found.code) == (Outcome.UNKNOWN, "status_unknown")
    else:
        assert (found.outcome, found.gross_minor) == (Outcome.SUCCEEDED, 1_000)
    assert desk.look(one, said).gross_minor == 900


def test_a_look_up_that_fails_learns_nothing(desk: Desk) -> None:
    charge, paid = desk.paid()
    one = desk.refund(charge, paid, 900)
    said = desk.send(one)
    for known in ((), (said,)):
        desk.world.fault("500_before", route="GET /refund", count=1)
        with pytest.raises(ProviderUnavailable):
            desk.look(one, *known)


def test_a_refund_needs_its_charge(desk: Desk, calls: Recorder) -> None:
    with pytest.raises(Refusal) as refused:
        desk.prepare({"charge": {}}, "refund")
    assert refused.value.code == "charge_missing" and calls.calls == []


def test_refunds_stand_on_many_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.providers.paystack.pages.SIZE", 2)
    charge, paid = desk.paid(GOOD)
    first = desk.refund(charge, paid, 100)
    desk.send(first)
    for _ in range(4):
        desk.send(desk.refund(charge, paid, 100))
    assert desk.look(first).outcome is Outcome.PENDING
