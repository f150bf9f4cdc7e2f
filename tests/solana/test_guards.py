"""The four guards of the dead test: with each, one payment; with it taken away, two."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.providers.base import Outcome
from engine.providers.solana import proof
from tests.solana.world import DEAD_SLOTS, FINAL_SLOTS, Attempt, Driver, World


def it_may_still_land(world: World, driver: Driver, attempt: Attempt) -> None:
    world.net.fault("late", slots=100)
    driver.send(attempt)
    world.net.clear_faults()
    world.net.advance(3)  # or a new signing would take the same blockhash and be the same transaction


def it_landed_long_ago(world: World, driver: Driver, attempt: Attempt) -> None:
    driver.send(attempt)
    world.net.advance(DEAD_SLOTS)


def the_status_comes_from_a_lagging_node(world: World, driver: Driver, attempt: Attempt) -> None:
    driver.send(attempt)
    world.net.advance(DEAD_SLOTS)
    world.net.fault("stale", methods=["getSignatureStatuses"], slots=DEAD_SLOTS + 10)


def the_node_has_forgotten(world: World, driver: Driver, attempt: Attempt) -> None:
    driver.send(attempt)
    world.net.advance(DEAD_SLOTS)
    world.net.purge()


CASES = [
    pytest.param("is_past", it_may_still_land, Outcome.MISSING, id="a-height"),
    pytest.param("is_null", it_landed_long_ago, Outcome.SUCCEEDED, id="b-null"),
    pytest.param("is_fresh", the_status_comes_from_a_lagging_node, Outcome.UNKNOWN, id="c-slot"),
    pytest.param("is_kept", the_node_has_forgotten, Outcome.UNKNOWN, id="d-history"),
]
Trap = Callable[[World, Driver, Attempt], None]


@pytest.mark.parametrize("broken", [False, True], ids=["guarded", "broken"])
@pytest.mark.parametrize(("guard", "trap", "honest"), CASES)
def test_each_guard_alone_keeps_a_payment_single(
    world: World,
    driver: Driver,
    monkeypatch: pytest.MonkeyPatch,
    guard: str,
    trap: Trap,
    honest: Outcome,
    broken: bool,
) -> None:
    world.net.pause()
    attempt = driver.sign(world.payable())
    trap(world, driver, attempt)
    if broken:
        monkeypatch.setattr(proof, guard, lambda *args: True)
    finding = driver.recover(attempt)
    world.net.clear_faults()
    world.net.advance(DEAD_SLOTS)
    assert finding.outcome is (Outcome.ABSENT if broken else honest)
    assert len(world.settled(attempt.payable)) == (2 if broken else 1)


@pytest.mark.parametrize(
    ("trap", "guard"), [(the_status_comes_from_a_lagging_node, "c"), (the_node_has_forgotten, "d")]
)
def test_what_cannot_be_proved_names_its_guard(world: World, driver: Driver, trap: Trap, guard: str) -> None:
    attempt = driver.sign(world.payable())
    trap(world, driver, attempt)
    finding = driver.lookup(attempt)
    assert (finding.outcome, finding.code) == (Outcome.UNKNOWN, "cannot_prove")
    assert finding.detail["guard"] == guard
    assert finding.detail["park"] is (guard == "d")  # a node catches up, but what it forgot is gone


def test_a_lagging_node_delays_the_verdict_and_never_changes_it(
    world: World, driver: Driver, change: Callable[..., None]
) -> None:
    world.net.pause()
    attempt = driver.pay(world.payable())
    world.net.advance(FINAL_SLOTS)
    change(solana_rpc_url=f"{world.net.url}/lag/100")
    assert driver.lookup(attempt).outcome is Outcome.MISSING
    world.net.advance(100)
    assert driver.lookup(attempt).outcome is Outcome.SUCCEEDED


def test_purged_balances_are_awaited_not_guessed(world: World, driver: Driver) -> None:
    world.net.pause()
    attempt = driver.pay(world.payable())
    world.net.advance(FINAL_SLOTS)
    world.net.fault("stale", methods=["getTransaction"], slots=FINAL_SLOTS + 10)
    finding = driver.lookup(attempt)
    assert (finding.outcome, finding.code) == (Outcome.PENDING, "awaiting_balances")
    assert finding.provisional
    world.net.clear_faults()
    assert driver.lookup(attempt).outcome is Outcome.SUCCEEDED


def test_unreadable_balances_leave_the_attempt_for_later(world: World, driver: Driver) -> None:
    attempt = driver.pay(world.payable())
    world.net.advance(FINAL_SLOTS)
    world.net.fault("http_5xx", methods=["getTransaction"])
    assert driver.provider.lookup([attempt.asked()]) == {}
