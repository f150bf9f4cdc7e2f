"""Money that is settled on the platform: all of it is held at the provider, the creator's part is owed to them."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from engine.ledger import balances
from engine.ledger.models import Account, Transfer
from engine.providers.base import FailureClass, Finding, Outcome
from ops import books
from payments.models import Payment
from tests.payments.scripted import Scripted, declined, paid
from tests.payments.steps import run

CHECKS = {"settlement_legs", "clearing", "settlements", "network_fees", "balances", "currency_sums"}


@pytest.fixture
def platform(world: Scripted) -> Scripted:
    """The scripted provider, settling on the platform."""
    world.sheet = replace(world.sheet, settlement="platform")
    return world


def held(payment_id: UUID) -> dict[str, int]:
    """Balances of the payment's accounts by role, but for those at zero."""
    accounts = Payment.objects.get(pk=payment_id).accounts
    amounts = balances.balances(accounts.values())
    return {role: amounts[account] for role, account in accounts.items() if amounts[account]}


def legs(source: UUID) -> list[tuple[str, int, int, str, str]]:
    found = Transfer.objects.filter(source_id=source).order_by("kind", "seq")
    return list(found.values_list("kind", "seq", "amount_minor", "debit__kind", "credit__kind"))


def broken() -> set[str]:
    """The rules of postings that do not hold; no invoice stands behind a payment of these tests."""
    return {result.name for result in books.examine().broken} & CHECKS


def test_all_of_it_is_held_and_the_creators_part_is_payable(platform, new_payment, payment, monkeypatch):
    one = new_payment()
    assert payment(one).settlement == "platform"
    run(monkeypatch)
    assert (payment(one).state, payment(one).settled_minor) == ("succeeded", 1000)
    assert legs(one) == [
        ("payment.succeeded", 0, 1000, "clearing:scripted", "receivable"),
        ("payment.succeeded", 2, 50, "billed", "fee_income"),
        ("payment.succeeded", 3, 950, "billed", "payable"),
    ]
    assert held(one) == {
        "clearing": 1000, "receivable": -1000, "billed": 1000, "fee_income": -50, "payable": -950,
    }  # fmt: skip
    assert not Account.objects.filter(kind="settled_direct").exists()
    assert broken() == set()


def test_without_a_fee_all_of_it_is_the_creators(platform, new_payment, monkeypatch):
    one = new_payment(fee_minor=0)
    run(monkeypatch)
    assert held(one) == {"clearing": 1000, "receivable": -1000, "billed": 1000, "payable": -1000}
    assert broken() == set()


def test_what_differs_is_held_in_suspense_whole(platform, new_payment, payment, monkeypatch):
    one = new_payment()
    platform.looks[one] = [paid(gross_minor=900, currency="USDC", fee_minor=50)]
    run(monkeypatch)
    assert payment(one).parked_reason
    assert held(one) == {"clearing": 900, "suspense": -900}
    assert broken() == set()


def test_what_comes_late_is_held_unapplied_whole(platform, new_payment, payment, monkeypatch):
    one = new_payment()
    closed = Finding(Outcome.DECLINED, FailureClass.HARD_DECLINE, "closed", "closed")
    platform.replies[one] = [closed]
    platform.looks[one] = [closed]
    run(monkeypatch)
    assert payment(one).state == "failed"
    from tests.ops.world import say

    say(one, paid(gross_minor=1000, currency="USDC", fee_minor=50))
    assert payment(one).state == "succeeded_late"
    assert held(one) == {"clearing": 1000, "unapplied": -1000}
    assert broken() == set()


def test_the_gateways_fee_is_kept_back_from_what_it_holds(platform, new_payment, payment, monkeypatch):
    one, other = new_payment(), new_payment()
    cost = {"network_fee_minor": 29, "network_currency": "USDC"}
    platform.looks[one] = [paid(gross_minor=1000, currency="USDC", **cost)]
    platform.looks[other] = [declined(**cost)]
    run(monkeypatch)
    assert (payment(one).state, payment(other).state) == ("succeeded", "failed")
    assert held(one)["clearing"] == 1000 - 2 * 29
    costs = Transfer.objects.filter(kind="attempt.network_fee")
    assert set(costs.values_list("debit__kind", "credit__kind")) == {("network_fee", "clearing:scripted")}
    assert not Account.objects.filter(kind="fee_payer").exists()
    assert broken() == set()
