"""A transfer out of the wallet: once, exactly, with its fee; what comes back says so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.core.errors import Refusal
from engine.providers.base import FailureClass, Outcome, Payable
from tests.flutterwave.desk import AVAILABLE, Desk, payable
from tests.flutterwave.test_faults import breaks

ACCOUNT, BLACKLISTED = "0690000040", "0690000036"


def payout(amount: int = 100_050, account: str = ACCOUNT, **payee: Any) -> Payable:
    return payable("payout", amount, {"payee": {"account_number": account, "bank_code": "044", **payee}})


@pytest.fixture
def arriving(rich: Desk) -> Desk:
    """Transfers arrive after five seconds."""
    rich.world.configure(rich.mount, transfer_seconds=5)
    return rich


def test_it_arrives_once_with_its_fee(arriving: Desk) -> None:
    sent = arriving.pay(payout(account_name="Ada Obi"))
    assert sent.found and sent.found.outcome is Outcome.PENDING
    assert arriving.look(sent).outcome is Outcome.PENDING
    arriving.world.advance(6)
    found = arriving.look(sent)
    assert (found.outcome, found.gross_minor, found.currency) == (Outcome.SUCCEEDED, 100_050, "NGN")
    (moved,) = arriving.moved("payout")
    assert (moved["reference"], moved["amount"], moved["object"]) == (
        sent.identity,
        100_050,
        found.movement_id,
    )
    assert found.network_fee_minor == arriving.moved("fee")[0]["amount"] == 2_688


def test_without_an_end_it_stays_pending_for_ever(rich: Desk) -> None:
    sent = rich.pay(payout())
    for _ in range(2):
        rich.world.advance(500)
        assert rich.look(sent).outcome is Outcome.PENDING
    assert rich.moved("payout") == []


def test_one_that_comes_back_is_declined_and_cost_its_fee(rich: Desk) -> None:
    sent = rich.pay(payout())
    rich.world.do(rich.mount, "end_transfer", reference=sent.identity, status="FAILED")
    found = rich.look(sent)
    assert found.outcome is Outcome.DECLINED and found.network_fee_minor == rich.moved("fee")[0]["amount"]
    assert rich.world.balances()[AVAILABLE] == {"NGN": 10_000_000 - 2_688}


@pytest.mark.parametrize(
    ("code", "kind"),
    [("insufficient_balance", FailureClass.TECHNICAL), ("day_transfer_limit_exceeded", FailureClass.SOFT_DECLINE),
     ("service_unavailable", FailureClass.SOFT_DECLINE), ("invalid_bank_code", FailureClass.HARD_DECLINE),
     ("no_account_found", FailureClass.HARD_DECLINE)],
)  # fmt: skip
def test_why_it_came_back_has_its_class(v4: Desk, code: str, kind: FailureClass) -> None:
    v4.world.give(AVAILABLE, "NGN", 10_000_000)
    v4.world.decide("flutterwave", ACCOUNT, outcome="FAILED", code=code)
    sent = v4.pay(payout())
    v4.world.advance(6)
    found = v4.look(sent)
    assert (found.outcome, found.failure_class, found.code) == (Outcome.DECLINED, kind, code)


def test_to_a_recipient_that_v4_keeps(v4: Desk) -> None:
    v4.world.give(AVAILABLE, "NGN", 10_000_000)
    bank = {"type": "bank_ngn", "bank": {"account_number": ACCOUNT, "code": "044"}}
    v4.provider.context([payout()])
    made = v4.provider._dialect.client.post("setup", "/transfers/recipients", json.dumps(bank)).json()
    sent = v4.pay(payable("payout", 5_000, {"payee": {"recipient_id": made["data"]["id"]}}))
    assert sent.found and sent.found.outcome is Outcome.PENDING
    v4.world.do("flutterwave", "end_transfer", reference=sent.identity, status="SUCCESSFUL")
    assert v4.look(sent).outcome is Outcome.SUCCEEDED and v4.moved("payout")[0]["amount"] == 5_000


def test_one_that_was_taken_back_after_it_arrived_is_no_success_any_more(v4: Desk) -> None:
    v4.world.give(AVAILABLE, "NGN", 10_000_000)
    sent = v4.pay(payout())
    for status in ("SUCCESSFUL", "REVERSED"):
        v4.world.do("flutterwave", "end_transfer", reference=sent.identity, status=status)
    found = v4.look(sent)
    assert (found.outcome, found.movement_id) == (Outcome.REVERSED, sent.refs[0])


def test_a_wallet_with_too_little_is_ours_to_fill(desk: Desk) -> None:
    found = desk.pay(payout()).found
    assert found and (found.outcome, found.failure_class, found.code) == (
        Outcome.DECLINED, FailureClass.TECHNICAL, "balance_too_small",
    )  # fmt: skip


def test_an_account_that_v3_has_on_its_list(v3: Desk) -> None:
    v3.world.give(AVAILABLE, "NGN", 10_000_000)
    found = v3.pay(payout(account=BLACKLISTED)).found
    assert found and (found.outcome, found.failure_class, found.code) == (
        Outcome.DECLINED, FailureClass.HARD_DECLINE, "account_blacklisted",
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["reset_after_success", "500_after_success", "malformed_json", "html_502"])
def test_a_reply_that_is_lost_is_found_by_our_reference(arriving: Desk, kind: str) -> None:
    sent = arriving.prepare(payout())
    breaks(arriving, kind, when="after")
    assert arriving.send(sent).outcome is Outcome.UNKNOWN
    assert arriving.look(sent).outcome is Outcome.PENDING
    arriving.world.advance(6)
    assert arriving.look(sent).outcome is Outcome.SUCCEEDED and len(arriving.moved("payout")) == 1


def test_v4_sends_again_under_its_key_and_pays_once(v4: Desk) -> None:
    v4.world.give(AVAILABLE, "NGN", 10_000_000)
    sent = v4.prepare(payout())
    breaks(v4, "reset_after_success")
    assert v4.send(sent).outcome is Outcome.UNKNOWN
    assert v4.send(sent).outcome is Outcome.PENDING
    assert len(v4.moved("hold")) == 1


def test_a_reference_that_was_used_is_looked_up(v3: Desk) -> None:
    v3.world.give(AVAILABLE, "NGN", 10_000_000)
    sent = v3.pay(payout())
    again = v3.send(sent)
    assert (again.outcome, again.code) == (Outcome.UNKNOWN, "duplicate_reference")
    assert v3.look(sent).outcome is Outcome.PENDING and len(v3.moved("hold")) == 1


def test_without_an_account_there_is_no_transfer(desk: Desk) -> None:
    with pytest.raises(Refusal) as refused:
        desk.prepare(payable("payout", 100, {"payee": {"account_number": ACCOUNT}}))
    assert refused.value.code == "payee_unusable"
