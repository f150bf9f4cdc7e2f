from __future__ import annotations

import pytest

from engine.providers.base import FailureClass, Outcome
from engine.providers.solana import marker, proof
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
    paid, failed = driver.lookup(first).network_fee_minor, 0
    failed = sum(tx["fee"] for tx in world.net.truth(signature=second.prepared.identity))
    assert adopted.network_fee_minor == paid + failed
    assert world.balance(world.payee) == 3 * USDC


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


def test_the_marker_survives_a_change_of_the_fee_payer(world: World, driver: Driver) -> None:
    attempt = driver.sign(world.payable(strict_once=True))
    place = marker.address(attempt.payable.payment_id, world.collector.pubkey())
    driver.send(attempt)
    assert world.net.call("getBalance", str(place))["value"] > 0


def test_other_payments_have_no_marker(world: World, driver: Driver) -> None:
    assert "marker" not in driver.sign(world.payable()).prepared.data["steps"]
