from __future__ import annotations

import pytest
from spl.token.constants import WRAPPED_SOL_MINT

from engine.providers.base import Hold, HoldKind, Outcome, Prepared
from sandbox.localnet import wallets
from tests.solana.world import DEAD_SLOTS, FINAL_SLOTS, USDC, Driver, World


def test_a_pull_is_pending_then_provisional_then_succeeded(world: World, driver: Driver) -> None:
    world.net.pause()
    attempt = driver.sign(world.payable(3 * USDC))
    accepted = driver.send(attempt)
    assert (accepted.outcome, accepted.code) == (Outcome.PENDING, "accepted")
    seen = driver.lookup(attempt)
    assert (seen.outcome, seen.code, seen.provisional) == (Outcome.PENDING, "processed", False)
    world.net.advance(2)
    confirmed = driver.lookup(attempt)
    assert (confirmed.outcome, confirmed.code, confirmed.provisional) == (Outcome.PENDING, "confirmed", True)
    world.net.advance(FINAL_SLOTS)
    final = driver.lookup(attempt)
    assert final.outcome is Outcome.SUCCEEDED
    assert (final.gross_minor, final.fee_minor, final.currency) == (3 * USDC, None, "USDC")
    assert final.movement_id == final.provider_ref == attempt.prepared.identity
    (landed,) = world.settled(attempt.payable)
    assert (final.network_fee_minor, final.network_currency) == (landed["fee"], "SOL")
    assert final.detail["payee_minor"] == world.balance(world.payee) == 3 * USDC


def test_the_fee_leg_reaches_our_account_in_the_same_transaction(world: World, driver: Driver) -> None:
    world.open(world.fee_wallet)
    attempt = driver.pay(world.payable(10 * USDC, USDC, fee_wallet=str(world.fee_wallet.pubkey())))
    world.net.advance(FINAL_SLOTS)
    final = driver.lookup(attempt)
    assert (final.gross_minor, final.fee_minor) == (10 * USDC, USDC)
    assert world.balance(world.payee) == 9 * USDC
    assert world.balance(world.fee_wallet) == USDC


def test_a_missing_fee_account_is_opened_and_its_rent_counted(world: World, driver: Driver) -> None:
    attempt = driver.pay(world.payable(10 * USDC, USDC, fee_wallet=str(world.fee_wallet.pubkey())))
    world.net.advance(FINAL_SLOTS)
    final = driver.lookup(attempt)
    rent = world.net.call("getMinimumBalanceForRentExemption", 165)
    (landed,) = world.settled(attempt.payable)
    assert final.network_fee_minor == landed["fee"] + rent
    assert world.balance(world.fee_wallet) == USDC


def test_without_a_fee_wallet_the_payee_gets_all_and_the_fee_is_no_leg(world: World, driver: Driver) -> None:
    attempt = driver.pay(world.payable(10 * USDC, USDC))
    world.net.advance(FINAL_SLOTS)
    final = driver.lookup(attempt)
    assert (final.gross_minor, final.fee_minor, final.detail["payee_minor"]) == (10 * USDC, None, 10 * USDC)


def test_wrapped_sol_is_pulled_like_any_token(world: World, driver: Driver) -> None:
    account = wallets.wrap_sol(world.net, world.payer, 2 * 10**9)
    wallets.approve(world.net, world.payer, account, WRAPPED_SOL_MINT, world.collector.pubkey(), 10**9, 9)
    wallets.create_token_account(world.net, world.authority, world.payee.pubkey(), WRAPPED_SOL_MINT)
    attempt = driver.pay(world.payable(10**8, mint=str(WRAPPED_SOL_MINT)))
    world.net.advance(FINAL_SLOTS)
    assert driver.lookup(attempt).gross_minor == 10**8
    assert world.balance(world.payee, WRAPPED_SOL_MINT) == 10**8


def test_the_same_bytes_many_times_pay_once(world: World, driver: Driver) -> None:
    attempt = driver.sign(world.payable())
    for number in range(5):
        assert driver.send(attempt, number + 1).outcome is Outcome.PENDING
        world.net.advance(10)
    world.net.advance(FINAL_SLOTS)
    assert driver.lookup(attempt).outcome is Outcome.SUCCEEDED
    assert len(world.settled(attempt.payable)) == 1


def test_two_equal_payments_are_two_transactions(world: World, driver: Driver) -> None:
    first, second = driver.prepare(world.payable(), world.payable())
    assert first.identity != second.identity


def test_one_payment_on_one_blockhash_is_one_transaction(world: World, driver: Driver) -> None:
    payable = world.payable()
    context = driver.provider.context([payable])
    first, again = (driver.provider.prepare([payable], context)[0] for _ in range(2))
    assert first.identity == again.identity


def test_late_landing_is_missing_until_it_lands(world: World, driver: Driver) -> None:
    world.net.fault("late", slots=100)
    world.net.pause()
    attempt = driver.pay(world.payable())
    world.net.advance(60)
    assert driver.lookup(attempt).outcome is Outcome.MISSING
    world.net.advance(100)
    assert driver.lookup(attempt).outcome is Outcome.SUCCEEDED
    assert len(world.settled(attempt.payable)) == 1


def test_what_never_lands_is_absent_only_after_its_death(world: World, driver: Driver) -> None:
    world.net.fault("drop")
    world.net.pause()
    attempt = driver.pay(world.payable())
    found = []
    for _ in range(20):
        found.append(driver.lookup(attempt).outcome)
        world.net.advance(10)
        height = world.net.call("getBlockHeight", {"commitment": "finalized"})
        dead = height > attempt.prepared.data["last_valid_block_height"]
        assert (driver.lookup(attempt).outcome is Outcome.ABSENT) is dead
    assert found[0] is Outcome.MISSING
    final = driver.lookup(attempt)
    assert (final.outcome, final.code) == (Outcome.ABSENT, "expired")
    world.net.clear_faults()
    driver.send(attempt, 9)  # nobody could make it land any more
    world.net.advance(FINAL_SLOTS)
    assert world.settled(attempt.payable) == []


def test_lookup_answers_more_than_one_chunk(world: World, driver: Driver) -> None:
    real = driver.pay(world.payable())
    world.net.advance(FINAL_SLOTS)
    context = driver.provider.context([real.payable])
    asked = [real.asked()]
    for _ in range(300):
        payable = world.payable(last_try=True)
        (one,) = driver.provider.prepare([payable], context)
        asked.append(type(real)(payable, one).asked())
    found = driver.provider.lookup(asked)
    assert len(found) == 301
    assert found[real.attempt_id].outcome is Outcome.SUCCEEDED
    assert [f.outcome for f in found.values()].count(Outcome.MISSING) == 300
    assert driver.provider.lookup([]) == {}


def test_an_amount_that_differs_is_reported_as_it_is(world: World, driver: Driver) -> None:
    attempt = driver.pay(world.payable(3 * USDC))
    world.net.advance(FINAL_SLOTS)
    attempt.payable = world.payable(4 * USDC, payment_id=attempt.payable.payment_id)
    final = driver.lookup(attempt)
    assert (final.outcome, final.gross_minor) == (Outcome.SUCCEEDED, 3 * USDC)


def test_an_empty_fee_payer_holds_everything(world: World, driver: Driver, change: object) -> None:
    change(solana_fee_payer_min=2 * 10**9)  # type: ignore[operator]
    holds = driver.prepare(world.payable(), world.payable(last_try=True))
    assert all(isinstance(each, Hold) for each in holds)
    assert {(each.kind, each.code) for each in holds} == {(HoldKind.PROVIDER, "fee_payer_empty")}


def test_a_batch_stops_where_our_lamports_would_end(world: World, driver: Driver, change: object) -> None:
    change(solana_fee_payer_min=10**9 - 15_000)  # type: ignore[operator]
    answers = driver.prepare(*(world.payable() for _ in range(4)))
    kinds = [type(each) for each in answers]
    assert kinds == [Prepared, Prepared, Hold, Hold]


@pytest.mark.parametrize("last_try", [False, True])
def test_a_batch_counts_what_its_earlier_payments_take(world: World, driver: Driver, last_try: bool) -> None:
    answers = driver.prepare(*(world.payable(20 * USDC, last_try=last_try) for _ in range(3)))
    if last_try:
        assert all(isinstance(each, Prepared) for each in answers)
        return
    assert [type(each) for each in answers] == [Prepared, Prepared, Hold]
    assert (answers[2].kind, answers[2].code) == (HoldKind.FUNDS, "allowance_too_small")


def test_a_retired_collector_key_holds_its_payments_alone(world: World, driver: Driver) -> None:
    held, signed = driver.prepare(world.payable(collector=7, strict_once=True), world.payable())
    assert (held.kind, held.code) == (HoldKind.PROVIDER, "collector_key_missing")
    assert isinstance(signed, Prepared)


def test_a_retired_collector_key_is_not_needed_where_the_payer_approved_another(world: World, driver: Driver):
    assert isinstance(driver.prepare(world.payable(collector=7))[0], Prepared)
    wallets.revoke(world.net, world.payer, world.account(world.payer))
    world.net.advance(2)
    (held,) = driver.prepare(world.payable(collector=7))
    assert (held.kind, held.code) == (HoldKind.PROVIDER, "collector_key_missing")


def test_dead_slots_are_enough(world: World, driver: Driver) -> None:
    attempt = driver.sign(world.payable())
    world.net.advance(DEAD_SLOTS)
    assert driver.lookup(attempt).outcome is Outcome.ABSENT


def test_no_secret_is_in_the_stored_data(world: World, driver: Driver) -> None:
    attempt = driver.sign(world.payable())
    secret = str(world.fee_payer)
    assert secret not in str(dict(attempt.prepared.data))
    assert attempt.prepared.data["fee_payer"] == str(world.fee_payer.pubkey())
