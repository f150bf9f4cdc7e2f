from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import SecretStr
from solders.keypair import Keypair

from engine.providers.base import FailureClass, Outcome
from engine.providers.solana import marker, proof
from sandbox.localnet import wallets
from tests.solana.world import DEAD_SLOTS, FINAL_SLOTS, USDC, Attempt, Driver, World


def two_signed(world: World, driver: Driver) -> tuple[Attempt, Attempt]:
    """Two transactions of one payment, as a wrong ABSENT would make them."""
    payable = world.payable(3 * USDC, strict_once=True)
    first = driver.sign(payable)
    world.net.advance(3)
    second = driver.sign(payable)
    assert first.prepared.identity != second.prepared.identity
    assert first.prepared.data["steps"][0] == "marker"
    return first, second


def test_the_second_transaction_moves_nothing_and_adopts_the_first(world: World, driver: Driver) -> None:
    first, second = two_signed(world, driver)
    driver.send(first)
    driver.send(second)
    world.net.advance(FINAL_SLOTS)
    assert len(world.settled(first.payable)) == 1
    adopted = driver.lookup(second)
    assert (adopted.outcome, adopted.gross_minor) == (Outcome.SUCCEEDED, 3 * USDC)
    assert adopted.movement_id == adopted.provider_ref == first.prepared.identity
    assert adopted.detail["adopted_by"] == second.prepared.identity
    paid = driver.lookup(first).network_fee_minor
    failed = sum(tx["fee"] for tx in world.net.truth(signature=second.prepared.identity))
    assert adopted.network_fee_minor == paid + failed
    assert world.balance(world.payee) == 3 * USDC


def test_an_exchanged_collector_key_keeps_the_marker(
    world: World, driver: Driver, change: Callable[..., None]
) -> None:
    """The first is on its way under the old key, the second signed under the one that was approved since."""
    payable = world.payable(3 * USDC, strict_once=True)
    first = driver.sign(payable)
    newer = Keypair()
    change(solana_collector_keys=[SecretStr(f"2:{newer}"), SecretStr(f"1:{world.collector}")])
    driver.send(first)
    world.approve(50 * USDC, delegate=newer.pubkey())
    world.net.advance(3)
    second = driver.sign(payable)
    assert second.prepared.data["collector"] == str(newer.pubkey())
    driver.send(second)
    world.net.advance(FINAL_SLOTS)
    assert [tx["signature"] for tx in world.settled(payable)] == [first.prepared.identity]
    assert driver.lookup(second).movement_id == first.prepared.identity


def test_every_node_lying_still_pays_once(
    world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = driver.pay(world.payable(strict_once=True))
    world.net.advance(DEAD_SLOTS)
    monkeypatch.setattr(proof, "is_null", lambda seen: True)
    assert driver.recover(attempt).outcome is Outcome.ABSENT
    world.net.advance(FINAL_SLOTS)
    assert len(world.settled(attempt.payable)) == 1


def test_a_marker_that_nobody_can_explain_is_parked_not_declined(world: World, driver: Driver) -> None:
    attempt = driver.sign(world.payable(strict_once=True))
    taken = marker.address(attempt.payable.payment_id, world.collector.pubkey())
    world.net.airdrop(taken, 10**9)
    driver.send(attempt)
    world.net.advance(FINAL_SLOTS)
    finding = driver.lookup(attempt)
    assert (finding.outcome, finding.code) == (Outcome.UNKNOWN, "marker_taken")
    assert finding.failure_class is FailureClass.UNKNOWN
    assert finding.detail["park"]
    world.net.fault("http_5xx", methods=["getSignaturesForAddress"])
    assert not driver.lookup(attempt).detail["park"]  # nothing was searched: ask again first


def test_a_forged_memo_is_not_adopted(world: World, driver: Driver) -> None:
    """The payer moves the amount to a friend, under our memo, after blocking the marker."""
    attempt = driver.sign(world.payable(strict_once=True))
    world.net.airdrop(marker.address(attempt.payable.payment_id, world.collector.pubkey()), 10**9)
    payer = world.payer.pubkey()
    forged = [
        wallets.pull(world.account(world.payer), world.mint, world.open(Keypair()), payer, USDC, 6),
        wallets.memo(payer, attempt.payable.payment_id.hex),
    ]
    wallets.send(world.net, forged, [world.payer])
    driver.send(attempt)
    world.net.advance(FINAL_SLOTS)
    assert driver.lookup(attempt).code == "marker_taken"


def test_the_marker_holds_when_the_fee_payer_is_exchanged(
    world: World, driver: Driver, change: Callable[..., None]
) -> None:
    payable = world.payable(strict_once=True)
    first = driver.sign(payable)
    change(solana_fee_payer_key=SecretStr(str(wallets.create_wallet(world.net))))
    world.net.advance(2)
    second = driver.sign(payable)
    assert first.prepared.data["fee_payer"] != second.prepared.data["fee_payer"]
    driver.send(first)
    driver.send(second)
    world.net.advance(FINAL_SLOTS)
    assert len(world.settled(payable)) == 1


def test_other_payments_have_no_marker(world: World, driver: Driver) -> None:
    assert "marker" not in driver.sign(world.payable()).prepared.data["steps"]
