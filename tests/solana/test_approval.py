from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
import spl.token.instructions as ti
import spl.token.models as tm
from pydantic import SecretStr
from solders.keypair import Keypair
from solders.message import to_bytes_versioned
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from spl.token.constants import TOKEN_2022_PROGRAM_ID, WRAPPED_SOL_MINT

from engine.core.errors import Refusal
from engine.providers.base import Outcome
from engine.providers.solana import approval
from sandbox.localnet import wallets
from tests.solana.world import FINAL_SLOTS, USDC, Driver, World


def sign_as_wallet(world: World, made: approval.Approval, wallet: Keypair) -> None:
    unsigned = VersionedTransaction.from_bytes(base64.b64decode(made.transaction))
    signature = wallet.sign_message(to_bytes_versioned(unsigned.message))
    signed = VersionedTransaction.populate(unsigned.message, [signature])
    assert world.net.wait(world.net.send(bytes(signed), skip_preflight=True))["err"] is None


def ask(world: World, add: int, **changed: object) -> approval.Approval:
    named = {"wallet": str(world.payer.pubkey()), "mint": str(world.mint), "add_minor": add, **changed}
    return approval.approval_transaction(**named)  # type: ignore[arg-type]


def test_a_second_subscription_adds_to_what_remains(world: World, driver: Driver) -> None:
    driver.pay(world.payable(20 * USDC))
    world.net.advance(FINAL_SLOTS)
    made = ask(world, 7 * USDC, commitments_minor=999 * USDC)
    assert (made.kept_minor, made.amount_minor) == (30 * USDC, 37 * USDC)
    assert (made.delegate, made.collector, made.replaces) == (str(world.collector.pubkey()), 1, None)
    sign_as_wallet(world, made, world.payer)
    check = approval.check_approval(str(world.payer.pubkey()), str(world.mint), 37 * USDC)
    assert (check.ok, check.allowance_minor, check.balance_minor) == (True, 37 * USDC, 80 * USDC)


def test_a_foreign_delegate_is_named_and_what_we_need_is_approved_again(world: World) -> None:
    stranger = Keypair().pubkey()
    world.approve(60 * USDC, delegate=stranger)
    world.net.advance(2)
    made = ask(world, 7 * USDC, commitments_minor=20 * USDC)
    assert (made.replaces, made.replaces_foreign) == (str(stranger), True)
    assert made.amount_minor == 27 * USDC
    check = approval.check_approval(str(world.payer.pubkey()), str(world.mint), USDC)
    assert (check.ok, check.code, check.allowance_minor) == (False, "delegate_replaced", 0)


def test_a_new_key_takes_over_what_the_old_one_had(world: World, change: Callable[..., None]) -> None:
    newer = Keypair()
    change(solana_collector_keys=[SecretStr(f"2:{newer}"), SecretStr(f"1:{world.collector}")])
    made = ask(world, 7 * USDC)
    assert (made.collector, made.amount_minor) == (2, 57 * USDC)
    assert (made.replaces, made.replaces_foreign) == (str(world.collector.pubkey()), False)
    wallet, mint = str(world.payer.pubkey()), str(world.mint)
    assert approval.check_approval(wallet, mint, USDC).collector == 1
    assert approval.check_approval(wallet, mint, USDC, collector=2).code == "delegate_replaced"


def test_a_first_approval_opens_the_account(world: World) -> None:
    wallet = wallets.create_wallet(world.net)
    world.net.advance(2)
    made = ask(world, 7 * USDC, wallet=str(wallet.pubkey()))
    assert made.opens_account and made.amount_minor == 7 * USDC
    sign_as_wallet(world, made, wallet)
    check = approval.check_approval(str(wallet.pubkey()), str(world.mint), USDC)
    assert (check.ok, check.code) == (False, "insufficient_funds")


def test_native_sol_is_wrapped_approved_and_pulled(world: World, driver: Driver) -> None:
    made = ask(world, 10**9, mint=str(WRAPPED_SOL_MINT), wrap_lamports=2 * 10**9)
    sign_as_wallet(world, made, world.payer)
    wallets.create_token_account(world.net, world.authority, world.payee.pubkey(), WRAPPED_SOL_MINT)
    world.net.advance(2)
    attempt = driver.pay(world.payable(10**9, mint=str(WRAPPED_SOL_MINT)))
    world.net.advance(FINAL_SLOTS)
    assert driver.lookup(attempt).outcome is Outcome.SUCCEEDED
    assert world.balance(world.payee, WRAPPED_SOL_MINT) == 10**9


def test_the_watcher_reads_many_accounts(world: World) -> None:
    payer, nobody = str(world.payer.pubkey()), [str(Keypair().pubkey()) for _ in range(120)]
    found = approval.read_accounts([(each, str(world.mint)) for each in [payer, *nobody]])
    assert len(found) == 121
    state = found[payer, str(world.mint)]
    assert state is not None
    assert (state.amount, state.allowance, state.frozen) == (100 * USDC, 50 * USDC, False)
    assert state.delegate == str(world.collector.pubkey())
    assert found[nobody[0], str(world.mint)] is None


def test_what_is_refused_has_a_code(world: World, change: Callable[..., None]) -> None:
    fancy = wallets.create_mint(world.net, world.authority, 6, TOKEN_2022_PROGRAM_ID)
    world.net.advance(2)
    off_curve = Pubkey.find_program_address([b"x"], TOKEN_2022_PROGRAM_ID)[0]
    good, absent = str(world.mint), str(Keypair().pubkey())
    mints = {
        "USDC": (good, 9),
        "FANCY": (str(fancy), 6),
        "GONE": (absent, 6),
        "SOL": (str(WRAPPED_SOL_MINT), 9),
    }
    change(solana_mints=mints)
    cases = [
        ({"wallet": "no key"}, "public_key_malformed", "wallet"),
        ({"wallet": str(off_curve)}, "wallet_cannot_sign", "wallet"),
        ({"mint": "junk"}, "public_key_malformed", "mint"),
        ({"mint": str(Keypair().pubkey())}, "mint_not_allowed", "mint"),
        ({"mint": str(fancy)}, "token_2022_refused", "mint"),
        ({"mint": absent}, "mint_missing", "mint"),
        ({"mint": good}, "decimals_differ", "mint"),
        ({"wrap_lamports": 5}, "wrap_needs_wrapped_sol", "wrap_lamports"),
        *(
            ({"add_minor": each}, "amount_invalid", "add_minor")
            for each in (0, -1, 1.5, "5", None, True, 2**63, 10**18 + 1)
        ),
        *(
            ({"commitments_minor": each}, "amount_invalid", "commitments_minor")
            for each in (-1, 1.5, "5", None, True, 2**63, 10**18)
        ),
        *(
            ({"mint": str(WRAPPED_SOL_MINT), "wrap_lamports": each}, "amount_invalid", "wrap_lamports")
            for each in (-1, 1.5, "5", None, True, 2**63)
        ),
    ]
    for changed, code, param in cases:
        named = {"add": USDC, **changed}
        add = named.pop("add_minor", named.pop("add"))
        with pytest.raises(Refusal) as refused:
            ask(world, add, **named)  # type: ignore[arg-type]
        assert (refused.value.code, refused.value.param) == (code, param)


def test_a_mint_is_compared_with_the_chain(world: World) -> None:
    assert approval.check_mint(str(world.mint)) == 6
    assert approval.check_mint(str(WRAPPED_SOL_MINT)) == 9


def test_a_revoked_and_a_frozen_account_are_told_apart(world: World) -> None:
    wallet, mint = str(world.payer.pubkey()), str(world.mint)
    params = tm.RevokeParams(
        program_id=ti.TOKEN_PROGRAM_ID, account=world.account(world.payer), owner=world.payer.pubkey()
    )
    wallets.send(world.net, [ti.revoke(params)], [world.payer], "confirmed")
    assert approval.check_approval(wallet, mint, USDC).code == "delegate_revoked"
    wallets.freeze(world.net, world.authority, world.account(world.payer), world.mint)
    world.net.advance(2)
    assert approval.check_approval(wallet, mint, USDC).code == "account_frozen"
