"""A node that shows a transaction without its balances: nothing is read from what it leaves out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from solders.keypair import Keypair

from engine.providers.base import Outcome
from engine.providers.solana import landed
from engine.providers.solana.instructions import read_terms
from tests.solana.test_declines import approve_less, close, spend
from tests.solana.test_strict_once import two_signed
from tests.solana.world import FINAL_SLOTS, USDC, Driver, World

READ = landed.read


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """`[]` where the balances should be."""

    def read(client: Any, signatures: Any) -> Any:
        found = READ(client, signatures)
        return {key: replace(each, before={}, after={}, mints={}) for key, each in found.items()}

    monkeypatch.setattr(landed, "read", read)


def test_a_transfer_that_landed_is_awaited_until_its_balances_are_shown(
    world: World, driver: Driver, empty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = driver.pay(world.payable())
    world.net.advance(FINAL_SLOTS)
    finding = driver.lookup(attempt)
    assert (finding.outcome, finding.code, finding.gross_minor) == (
        Outcome.PENDING,
        "awaiting_balances",
        None,
    )
    monkeypatch.setattr(landed, "read", READ)
    assert driver.lookup(attempt).outcome is Outcome.SUCCEEDED


def test_a_transfer_that_is_all_fee_shows_all_that_it_touched(world: World, driver: Driver) -> None:
    """The payee gets nothing, and their account is no part of it: nothing more is awaited."""
    world.open(world.fee_wallet)
    attempt = driver.pay(world.payable(5_000_000, fee=5_000_000, fee_wallet=str(world.fee_wallet.pubkey())))
    world.net.advance(FINAL_SLOTS)
    finding = driver.lookup(attempt)
    assert (finding.outcome, finding.gross_minor, finding.fee_minor) == (
        Outcome.SUCCEEDED,
        5_000_000,
        5_000_000,
    )


def test_a_transfer_without_a_fee_shows_all_that_it_touched(world: World, driver: Driver) -> None:
    """Our fee account is known, and no part of it: nothing more is awaited."""
    payable = world.payable(fee=0, fee_wallet=str(Keypair().pubkey()))
    assert read_terms(payable.instructions).fee_account
    attempt = driver.pay(payable)
    world.net.advance(FINAL_SLOTS)
    finding = driver.lookup(attempt)
    assert (finding.outcome, finding.fee_minor) == (Outcome.SUCCEEDED, 0)


@pytest.mark.parametrize("spoil", [spend, approve_less], ids=["funds", "allowance"])
def test_why_a_transfer_failed_is_not_read_from_balances_that_are_not_shown(
    world: World, driver: Driver, empty: None, spoil: Any
) -> None:
    world.net.pause()
    attempt = driver.sign(world.payable(5 * USDC))  # signed while all was well
    spoil(world)
    driver.send(attempt)
    world.net.advance(FINAL_SLOTS)
    assert driver.lookup(attempt).code == "awaiting_balances"


def test_a_closed_account_has_none_to_show(world: World, driver: Driver, empty: None) -> None:
    world.net.pause()
    attempt = driver.sign(world.payable(5 * USDC))
    close(world)
    driver.send(attempt)
    world.net.advance(FINAL_SLOTS)
    assert driver.lookup(attempt).code == "account_closed"


def test_what_is_adopted_shows_its_balances_too(world: World, driver: Driver, empty: None) -> None:
    first, second = two_signed(world, driver)
    driver.send(first)
    driver.send(second)
    world.net.advance(FINAL_SLOTS)
    found = driver.lookup(second)
    assert (found.code, found.detail["park"]) == ("marker_taken", False)
