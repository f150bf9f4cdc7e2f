"""Every way in which the chain refuses, made for real, and the class that dunning will act on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import spl.token.instructions as ti
import spl.token.models as tm
from solders.keypair import Keypair
from spl.token.constants import TOKEN_PROGRAM_ID

from engine.providers.base import FailureClass, Hold, HoldKind, Outcome
from sandbox.localnet import wallets
from tests.solana.world import FINAL_SLOTS, USDC, Driver, World


def spend(world: World) -> None:
    move = wallets.pull(
        world.account(world.payer), world.mint, world.open(Keypair()), world.payer.pubkey(), 99 * USDC, 6
    )
    wallets.send(world.net, [move], [world.payer])


def approve_less(world: World) -> None:
    world.approve(4 * USDC)


def revoke(world: World) -> None:
    wallets.revoke(world.net, world.payer, world.account(world.payer))


def replace(world: World) -> None:
    world.approve(50 * USDC, delegate=Keypair().pubkey())


def freeze(world: World) -> None:
    wallets.freeze(world.net, world.authority, world.account(world.payer), world.mint)


def close(world: World) -> None:
    account, to = world.account(world.payer), world.open(Keypair())
    empty = wallets.pull(account, world.mint, to, world.payer.pubkey(), 100 * USDC, 6)
    params = tm.CloseAccountParams(
        program_id=TOKEN_PROGRAM_ID, account=account, dest=world.payer.pubkey(), owner=world.payer.pubkey()
    )
    wallets.send(world.net, [empty, ti.close_account(params)], [world.payer])


CASES = [
    pytest.param(spend, "insufficient_funds", FailureClass.INSUFFICIENT_FUNDS, id="funds"),
    pytest.param(approve_less, "allowance_too_small", FailureClass.PAYER_ACTION, id="allowance"),
    pytest.param(revoke, "delegate_revoked", FailureClass.PAYER_ACTION, id="revoked"),
    pytest.param(replace, "delegate_replaced", FailureClass.PAYER_ACTION, id="replaced"),
    pytest.param(freeze, "account_frozen", FailureClass.HARD_DECLINE, id="frozen"),
    pytest.param(close, "account_closed", FailureClass.PAYER_ACTION, id="closed"),
]
Spoil = Callable[[World], None]


@pytest.mark.parametrize(("spoil", "code", "failure_class"), CASES)
def test_a_refusal_on_chain_has_its_class(
    world: World, driver: Driver, spoil: Spoil, code: str, failure_class: FailureClass
) -> None:
    world.net.pause()
    attempt = driver.sign(world.payable(5 * USDC))  # signed while all was well
    spoil(world)
    driver.send(attempt)
    world.net.advance(2)
    failing = driver.lookup(attempt)
    assert (failing.outcome, failing.code, failing.provisional) == (Outcome.PENDING, "failing", False)
    world.net.advance(FINAL_SLOTS)
    final = driver.lookup(attempt)
    assert (final.outcome, final.code, final.failure_class) == (Outcome.DECLINED, code, failure_class)
    assert final.message and final.gross_minor is None
    (landed,) = world.net.truth(signature=attempt.prepared.identity)
    assert final.network_fee_minor == landed["fee"] > 0


@pytest.mark.parametrize(("spoil", "code", "failure_class"), CASES)
def test_the_same_check_holds_before_signing_and_the_last_try_is_sent(
    world: World, driver: Driver, spoil: Spoil, code: str, failure_class: FailureClass
) -> None:
    spoil(world)
    world.net.advance(2)
    (hold,) = driver.prepare(world.payable(5 * USDC))
    assert isinstance(hold, Hold)
    assert (hold.kind, hold.code) == (HoldKind.FUNDS, code)
    # The source's words (row 0.23), where whoever asks for a payment reads them.
    assert hold.message.startswith("Insufficient balance for payment") == (code == "insufficient_funds")
    attempt = driver.pay(world.payable(5 * USDC, last_try=True))
    world.net.advance(FINAL_SLOTS)
    assert driver.lookup(attempt).failure_class is failure_class


@pytest.mark.parametrize("fee", [USDC, 5 * USDC])
def test_two_legs_are_short_as_one(world: World, driver: Driver, fee: int) -> None:
    """A first leg that fits must not hide that both together do not."""
    world.open(world.fee_wallet)
    world.approve(4 * USDC)
    payable = world.payable(5 * USDC, fee, last_try=True, fee_wallet=str(world.fee_wallet.pubkey()))
    attempt = driver.pay(payable)
    world.net.advance(FINAL_SLOTS)
    assert driver.lookup(attempt).code == "allowance_too_small"
    assert world.balance(world.payee) == 0


def test_a_frozen_payee_is_not_the_payers_fault(world: World, driver: Driver) -> None:
    attempt = driver.sign(world.payable())
    wallets.freeze(world.net, world.authority, world.account(world.payee), world.mint)
    driver.send(attempt)
    world.net.advance(FINAL_SLOTS)
    final = driver.lookup(attempt)
    assert (final.code, final.failure_class) == ("destination_unusable", FailureClass.TECHNICAL)
    (hold,) = driver.prepare(world.payable())
    assert (hold.kind, hold.code) == (HoldKind.PAYEE, "destination_unusable")


def test_a_payee_account_given_away_receives_nothing(world: World, driver: Driver) -> None:
    params = tm.SetAuthorityParams(
        program_id=TOKEN_PROGRAM_ID,
        account=world.account(world.payee),
        authority=tm.AuthorityType.ACCOUNT_OWNER,
        current_authority=world.payee.pubkey(),
        new_authority=Keypair().pubkey(),
    )
    world.net.airdrop(world.payee.pubkey(), 10**9)
    wallets.send(world.net, [ti.set_authority(params)], [world.payee])
    (hold,) = driver.prepare(world.payable(last_try=True))
    assert (hold.kind, hold.code) == (HoldKind.PAYEE, "destination_unusable")
