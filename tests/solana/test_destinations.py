"""A payee's missing account is opened at our cost once, and a closed one is not opened again."""

from __future__ import annotations

import pytest
import spl.token.instructions as ti
import spl.token.models as tm
from solders.keypair import Keypair
from spl.token.constants import TOKEN_PROGRAM_ID

from engine.providers.base import Hold, HoldKind, Outcome, Payable, Prepared
from engine.providers.solana.models import Destination
from sandbox.localnet import wallets
from tests.solana.world import DEAD_SLOTS, FINAL_SLOTS, USDC, Attempt, Driver, World

pytestmark = pytest.mark.django_db


def to_newcomer(world: World, payee: Keypair, **changed: object) -> Payable:
    return world.payable(payee=str(payee.pubkey()), **changed)  # type: ignore[arg-type]


def commit(driver: Driver, payable: Payable) -> Attempt:
    attempt = driver.sign(payable)
    driver.provider.committing([attempt.prepared])
    return attempt


def close_emptied(world: World, owner: Keypair) -> None:
    account, sink = world.account(owner), world.open(Keypair())
    world.net.airdrop(owner.pubkey(), 10**9)
    move = wallets.pull(account, world.mint, sink, owner.pubkey(), world.balance(owner), 6)
    params = tm.CloseAccountParams(
        program_id=TOKEN_PROGRAM_ID, account=account, dest=owner.pubkey(), owner=owner.pubkey()
    )
    wallets.send(world.net, [move, ti.close_account(params)], [owner])
    world.net.advance(2)


def test_a_missing_account_is_opened_once(world: World, driver: Driver) -> None:
    payee = Keypair()
    attempt = commit(driver, to_newcomer(world, payee))
    driver.send(attempt)
    world.net.advance(FINAL_SLOTS)
    final = driver.lookup(attempt)
    rent = world.net.call("getMinimumBalanceForRentExemption", 165)
    assert final.outcome is Outcome.SUCCEEDED
    assert final.network_fee_minor > rent
    assert world.balance(payee) == USDC
    close_emptied(world, payee)
    (hold,) = driver.prepare(to_newcomer(world, payee))
    assert (hold.kind, hold.code) == (HoldKind.PAYEE, "destination_missing")
    world.open(payee)
    world.net.advance(2)
    (again,) = driver.prepare(to_newcomer(world, payee))
    assert isinstance(again, Prepared) and again.data["opens"] is None


def test_one_batch_opens_an_account_by_one_payment(world: World, driver: Driver) -> None:
    payee = Keypair()
    first, second = driver.prepare(to_newcomer(world, payee), to_newcomer(world, payee))
    assert isinstance(first, Prepared) and first.data["opens"]
    assert isinstance(second, Hold)
    assert (second.kind, second.code, second.retry_seconds) == (HoldKind.PAYEE, "destination_opening", 2)


def test_others_wait_while_the_opening_is_under_way(world: World, driver: Driver) -> None:
    payee = Keypair()
    commit(driver, to_newcomer(world, payee))
    (waiting,) = driver.prepare(to_newcomer(world, payee))
    assert waiting.code == "destination_opening"


@pytest.mark.parametrize("known_before", [False, True])
def test_of_two_workers_that_open_one_account_the_later_waits(
    world: World, driver: Driver, known_before: bool
) -> None:
    """Both contexts were read before either wrote; the first transaction may land and open the account."""
    payee = Keypair()
    if known_before:  # an older opening that never landed: both have seen it, one replaces it
        commit(driver, to_newcomer(world, payee))
        world.net.advance(DEAD_SLOTS)
    first, second = (driver.sign(to_newcomer(world, payee)) for _ in range(2))
    assert driver.provider.committing([first.prepared]) == []
    (hold,) = driver.provider.committing([second.prepared])
    assert (hold.payment_id, hold.kind, hold.code) == (
        second.payable.payment_id, HoldKind.PAYEE, "destination_opening",
    )  # fmt: skip
    row = Destination.objects.get(payee=str(payee.pubkey()))
    assert (row.payment_id, row.signature) == (first.payable.payment_id, first.prepared.identity)


def test_a_closed_account_is_not_opened_again_by_who_came_second(world: World, driver: Driver) -> None:
    payee = Keypair()
    first, second = (driver.sign(to_newcomer(world, payee)) for _ in range(2))
    driver.provider.committing([first.prepared])
    driver.provider.committing([second.prepared])
    driver.send(first)
    world.net.advance(FINAL_SLOTS)
    close_emptied(world, payee)
    world.net.advance(DEAD_SLOTS)  # the second never left: nothing of it is on the chain
    (hold,) = driver.prepare(to_newcomer(world, payee))
    assert isinstance(hold, Hold)
    assert (hold.kind, hold.code) == (HoldKind.PAYEE, "destination_missing")


def test_an_opening_that_never_landed_does_not_block_the_next(world: World, driver: Driver) -> None:
    payee = Keypair()
    lost = commit(driver, to_newcomer(world, payee))
    world.net.advance(DEAD_SLOTS)
    second = commit(driver, to_newcomer(world, payee))
    assert second.prepared.data["opens"]
    row = Destination.objects.get(payee=str(payee.pubkey()))
    assert row.payment_id == second.payable.payment_id != lost.payable.payment_id


def test_an_opening_that_failed_on_chain_does_not_block_the_next(world: World, driver: Driver) -> None:
    payee = Keypair()
    attempt = commit(driver, to_newcomer(world, payee, amount=5 * USDC))
    wallets.revoke(world.net, world.payer, world.account(world.payer))
    driver.send(attempt)
    world.net.advance(FINAL_SLOTS)
    assert driver.lookup(attempt).code == "delegate_revoked"
    world.approve(50 * USDC)
    world.net.advance(2)
    (again,) = driver.prepare(to_newcomer(world, payee))
    assert isinstance(again, Prepared) and again.data["opens"]


def test_the_payment_that_opens_may_open_again_itself(world: World, driver: Driver) -> None:
    payee = Keypair()
    payable = to_newcomer(world, payee)
    commit(driver, payable)
    (again,) = driver.prepare(payable)
    assert isinstance(again, Prepared) and again.data["opens"]


def test_an_address_with_lamports_on_it_can_still_be_opened(world: World, driver: Driver) -> None:
    payee = Keypair()
    world.net.airdrop(world.account(payee), 10**6)
    attempt = commit(driver, to_newcomer(world, payee))
    driver.send(attempt)
    world.net.advance(FINAL_SLOTS)
    assert driver.lookup(attempt).outcome is Outcome.SUCCEEDED
