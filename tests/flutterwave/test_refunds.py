"""A charge is given back, whole or in part; v3 has nothing that guards a second refund, so none is ever sent twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.core.errors import Refusal
from engine.providers.base import FailureClass, Outcome
from tests.flutterwave.desk import AVAILABLE, Desk, Sent, payable
from tests.flutterwave.test_faults import breaks


@pytest.fixture
def charged(rich: Desk) -> Sent:
    return rich.pay(rich.charge())


def test_in_part_and_then_the_rest(rich: Desk, charged: Sent) -> None:
    for amount in (10_025, 20_025):
        sent = rich.pay(rich.refund(charged, amount))
        assert sent.found and sent.found.outcome is Outcome.PENDING
        rich.world.advance(61)
        found = rich.look(sent)
        assert (found.outcome, found.gross_minor, found.currency) == (Outcome.SUCCEEDED, amount, "NGN")
        assert found.movement_id == rich.moved("refund")[-1]["object"]
    assert [row["amount"] for row in rich.moved("refund")] == [10_025, 20_025]


def test_more_than_was_paid_is_refused(rich: Desk, charged: Sent) -> None:
    sent = rich.pay(rich.refund(charged, 30_051))
    assert sent.found and (sent.found.outcome, sent.found.failure_class, sent.found.code) == (
        Outcome.DECLINED, FailureClass.HARD_DECLINE, "refund_refused",
    )  # fmt: skip
    assert rich.moved("hold") == []


def test_an_empty_wallet_is_ours_to_fill(desk: Desk) -> None:
    charged = desk.pay(desk.charge())
    desk.world.give(AVAILABLE, "NGN", -29_000)
    sent = desk.pay(desk.refund(charged, 30_050))
    assert sent.found and (sent.found.outcome, sent.found.failure_class, sent.found.code) == (
        Outcome.DECLINED, FailureClass.TECHNICAL, "balance_too_small",
    )  # fmt: skip


def test_one_that_they_could_not_give_back_is_declined(rich: Desk, charged: Sent) -> None:
    rich.world.decide(rich.mount, f"refund:{charged.identity}", outcome="failed")
    sent = rich.pay(rich.refund(charged, 30_050))
    rich.world.advance(61)
    found = rich.look(sent)
    assert (found.outcome, found.code) == (Outcome.DECLINED, "refund_failed") and rich.moved("refund") == []


@pytest.mark.parametrize(
    "kind", ["reset_after_success", "500_after_success", "malformed_json", "unknown_status"]
)
def test_a_reply_that_is_lost_is_found_by_our_mark(rich: Desk, charged: Sent, kind: str) -> None:
    other = rich.pay(rich.refund(charged, 5_000))
    sent = rich.prepare(rich.refund(charged, 5_000))
    breaks(rich, kind)
    assert rich.send(sent).outcome is Outcome.UNKNOWN
    sent.refs.clear()
    assert rich.look(sent).outcome is Outcome.PENDING
    assert sent.refs[-1] != other.refs[-1]
    rich.world.advance(61)
    assert rich.look(sent).outcome is rich.look(other).outcome is Outcome.SUCCEEDED
    assert [row["amount"] for row in rich.moved("refund")] == [5_000, 5_000]


def test_one_that_never_arrived_is_missing(rich: Desk, charged: Sent) -> None:
    sent = rich.prepare(rich.refund(charged, 5_000))
    breaks(rich, "500_before")
    assert rich.send(sent).outcome is Outcome.UNKNOWN
    assert rich.look(sent).outcome is Outcome.MISSING and rich.moved("hold") == []


def test_no_refund_is_sent_again_by_itself(desk: Desk) -> None:
    """Nothing but v4's key would stop a second one, and nobody says how long that is kept."""
    assert "refund" not in desk.provider.sheet.resend_same_identity


def test_v4_takes_the_same_again_under_its_key_and_gives_back_once(v4: Desk) -> None:
    charged = v4.pay(v4.charge())
    v4.world.give(AVAILABLE, "NGN", 100_000)
    sent = v4.prepare(v4.refund(charged, 30_050))
    breaks(v4, "reset_after_success")
    assert v4.send(sent).outcome is Outcome.UNKNOWN
    assert v4.send(sent).outcome is Outcome.PENDING
    v4.world.advance(61)
    assert v4.look(sent).outcome is Outcome.SUCCEEDED and len(v4.moved("refund")) == 1


def test_a_refusal_that_an_earlier_send_may_have_caused_proves_nothing(v4: Desk) -> None:
    """Its key was forgotten: the whole is given back already, so the same again is refused."""
    charged = v4.pay(v4.charge())
    v4.world.give(AVAILABLE, "NGN", 100_000)
    first = v4.prepare(v4.refund(charged, 30_050))
    breaks(v4, "reset_after_success")
    v4.send(first)
    stranger = v4.prepare(first.payable)
    first.prepared, stranger.prepared = stranger.prepared, first.prepared
    found = v4.send(first)  # its second send, under a key that they don't know
    assert (found.outcome, found.code) == (Outcome.UNKNOWN, "refund_refused")
    assert v4.look(stranger).outcome is Outcome.PENDING


def test_a_charge_of_one_version_is_not_given_back_by_the_other(as_version: Callable[[str], Desk]) -> None:
    made = as_version("v3")
    asked = made.refund(made.pay(made.charge()), 100)
    with pytest.raises(Refusal) as refused:
        as_version("v4").prepare(asked)
    assert refused.value.code == "charge_of_other_version"


def test_without_the_charges_id_there_is_no_refund(desk: Desk) -> None:
    with pytest.raises(Refusal) as refused:
        desk.prepare(payable("refund", 100, {"charge": {}}))
    assert refused.value.code == "charge_unknown"
