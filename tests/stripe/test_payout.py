"""Payouts: from our balance to a connected account, and from there to a bank."""

from __future__ import annotations

import pytest

from engine.core.errors import Refusal
from engine.providers.base import FailureClass, Outcome
from tests.stripe.shop import Attempt, Shop


@pytest.fixture
def rich(shop: Shop) -> Shop:
    shop.world.give("stripe:platform:available", "usd", 100_000)
    return shop


def transfer(shop: Shop, amount: int = 5000, account: str = "") -> Attempt:
    """The first leg, prepared."""
    return shop.prepare("payout", amount, payee={"account": account or shop.account()})


def bank(shop: Shop, number: str = "000123456789") -> Attempt:
    """The second leg, prepared."""
    account = shop.account(number, holds=5000)
    return shop.prepare("payout", 5000, payee={"account": account}, leg="bank")


def test_a_transfer_moves_at_once(rich: Shop) -> None:
    attempt = transfer(rich)
    found = rich.send(attempt)
    assert (found.outcome, found.gross_minor, found.currency) == (Outcome.SUCCEEDED, 5000, "USD")
    (moved,) = rich.moved("transfer", attempt)
    assert moved["object"] == found.movement_id == found.provider_ref
    rich.hand.v1.transfers.reversals.create(found.provider_ref, {"amount": 2000})
    found = rich.look(attempt)
    assert (found.outcome, found.code, found.detail["reversed_minor"]) == (
        Outcome.REDUCED,
        "partly_reversed",
        2000,
    )
    assert found.message == "20.00 USD of the 50.00 USD was clawed back from the account."
    rich.hand.v1.transfers.reversals.create(found.provider_ref, {"amount": 3000})
    assert rich.look(attempt).outcome is Outcome.REVERSED


@pytest.mark.parametrize("leg", ["transfer", "bank"])
@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("reset_after_success", {}),
        ("timeout_after_success", {"seconds": 5}),
        ("500_after_success", {}),
        ("500_before", {}),
        ("malformed_json", {}),
        ("duplicate_key_conflict", {}),
    ],
    ids=str,
)
def test_a_payout_whose_answer_was_lost_is_found_and_made_once(
    rich: Shop, kind: str, how: dict[str, object], leg: str
) -> None:
    attempt = transfer(rich) if leg == "transfer" else bank(rich)
    rich.world.fault(kind, route="POST /(transfers|payouts)", count=1, **how)
    assert rich.send(attempt).outcome is Outcome.UNKNOWN
    found = rich.look(attempt)
    if found.outcome is Outcome.MISSING:
        found = rich.send(attempt)
    attempt.keep(found)
    rich.world.advance(2 * 86_400)
    assert rich.look(attempt).outcome is Outcome.SUCCEEDED
    assert len(rich.moved("transfer" if leg == "transfer" else "payout", attempt)) == 1


def test_without_money_of_ours_nothing_moves_and_nobody_is_to_blame(shop: Shop) -> None:
    attempt = transfer(shop)
    found = shop.send(attempt)
    assert (found.outcome, found.failure_class, found.code) == (
        Outcome.DECLINED,
        FailureClass.TECHNICAL,
        "balance_insufficient",
    )
    assert shop.moved("transfer", attempt) == []


def test_a_bank_is_paid_in_days_and_may_send_it_back_after_that(rich: Shop) -> None:
    rich.world.fault("paid_then_failed", route="POST /payouts", days=3)
    attempt = bank(rich)
    assert rich.send(attempt).outcome is Outcome.PENDING
    rich.world.advance(86_401)
    found = rich.look(attempt)
    assert (found.outcome, found.gross_minor) == (Outcome.SUCCEEDED, 5000)
    rich.world.advance(3 * 86_400)
    assert rich.look(attempt).code == "could_not_process"


@pytest.mark.parametrize(
    ("number", "code", "failure"),
    [
        ("000111111116", "no_account", FailureClass.HARD_DECLINE),
        ("000111111113", "account_closed", FailureClass.HARD_DECLINE),
        ("000333333335", "debit_not_authorized", FailureClass.HARD_DECLINE),
        ("000444444440", "invalid_currency", FailureClass.HARD_DECLINE),
        ("000222222227", "insufficient_funds", FailureClass.TECHNICAL),
    ],
)
def test_a_bank_that_refuses_is_declined_with_its_reason(
    rich: Shop, number: str, code: str, failure: FailureClass
) -> None:
    attempt = bank(rich, number)
    rich.send(attempt)
    rich.world.advance(2 * 86_400)
    found = rich.look(attempt)
    assert (found.outcome, found.code, found.failure_class) == (Outcome.DECLINED, code, failure)


def test_a_payout_is_called_back_while_it_is_pending(rich: Shop) -> None:
    attempt = bank(rich)
    rich.send(attempt)
    assert rich.provider.cancel(attempt.asked).outcome is Outcome.ABSENT
    late = bank(rich)
    rich.send(late)
    rich.world.advance(3601)
    assert rich.provider.cancel(late.asked).code == "too_late"


def test_an_account_that_may_not_be_paid_is_refused_for_good(rich: Shop) -> None:
    account = rich.account(holds=5000)
    rich.world.do("stripe", "limit_account", account=account, payouts_enabled=False, transfers="inactive")
    found = rich.send(transfer(rich, account=account))
    assert (found.outcome, found.failure_class) == (Outcome.DECLINED, FailureClass.HARD_DECLINE)
    stopped = rich.send(rich.prepare("payout", 5000, payee={"account": account}, leg="bank"))
    assert (stopped.outcome, stopped.code) == (Outcome.DECLINED, "payouts_not_allowed")
    nobody = rich.prepare("payout", 5000, payee={"account": "acct_nobody"}, leg="bank")
    assert rich.send(nobody).code == "account_invalid"


def test_a_payee_without_an_account_is_refused_before_any_attempt(shop: Shop) -> None:
    with pytest.raises(Refusal) as refused:
        shop.prepare("payout", 5000, payee={})
    assert refused.value.code == "payee_incomplete"
