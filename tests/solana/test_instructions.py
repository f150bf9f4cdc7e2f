"""Pure parts: what a payment is told, and what is built from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr
from solders.keypair import Keypair
from solders.transaction import VersionedTransaction

from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.providers.solana import build, keys, memo
from engine.providers.solana.addresses import token_account
from engine.providers.solana.instructions import read_terms, validate_instructions
from engine.providers.solana.sheet import sheet

BLOCKHASH = "11111111111111111111111111111111"


def key() -> str:
    return str(Keypair().pubkey())


@pytest.fixture
def terms(keys: Any, change: Callable[..., None]) -> dict[str, Any]:
    mint, payer = key(), key()
    change(solana_mints={"USDC": (mint, 6)})
    return {
        "mint": mint,
        "decimals": 6,
        "payer": payer,
        "source": token_account(payer, mint),
        "payee": key(),
        "collector": 1,
        "fee_wallet": key(),
        "strict_once": True,
    }


def test_good_instructions_are_typed(terms: dict[str, Any]) -> None:
    typed = validate_instructions(terms)
    assert typed.payee_account == token_account(terms["payee"], terms["mint"])
    assert typed.legs(10, 3) == (7, 3)
    assert validate_instructions(terms | {"fee_wallet": ""}).legs(10, 3) == (10, 0)
    assert validate_instructions(terms, currency="USDC") == typed
    with pytest.raises(Refusal):
        validate_instructions(terms, currency="EURC")
    assert sheet().currencies == ("USDC",)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"mint": "x"}, "public_key_malformed"),
        ({"payee": None}, "public_key_malformed"),
        ({"payer": ["list"]}, "public_key_malformed"),
        ({"fee_wallet": "x"}, "public_key_malformed"),
        ({"decimals": "6"}, "instructions_invalid"),
        ({"decimals": 9}, "decimals_differ"),
        ({"collector": 4}, "collector_key_missing"),
        ({"more": 1}, "instructions_invalid"),
    ],
)
def test_bad_instructions_are_refused(terms: dict[str, Any], changed: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        validate_instructions(terms | changed)
    assert refused.value.code == code


def test_parties_must_differ(terms: dict[str, Any]) -> None:
    for changed, code in [
        ({"payee": terms["payer"]}, "payee_is_payer"),
        ({"fee_wallet": terms["payee"]}, "fee_wallet_is_party"),
        ({"fee_wallet": terms["payer"]}, "fee_wallet_is_party"),
    ]:
        with pytest.raises(Refusal) as refused:
            validate_instructions(terms | changed)
        assert refused.value.code == code


@pytest.mark.parametrize(("amount", "fee"), [(0, 0), (-1, 0), (10, 11), (10, -1), (2**63, 0)])
def test_a_fee_lies_inside_its_amount(terms: dict[str, Any], amount: int, fee: int) -> None:
    with pytest.raises(Refusal):
        read_terms(terms).legs(amount, fee)


def order(terms: dict[str, Any], **changed: Any) -> build.Order:
    named = {"pay_minor": 7, "fee_minor": 3, "open_payee": False, "open_fee": False, "marker_rent": None}
    return build.Order(payment_id=uuid7(), terms=read_terms(terms), **(named | changed))


def test_the_largest_transaction_fits_a_packet(terms: dict[str, Any]) -> None:
    whole = order(terms, open_payee=True, open_fee=True, marker_rent=890_880)
    signed = build.sign(whole, blockhash=BLOCKHASH, fee_payer=keys.fee_payer(), collector=keys.collector(1))
    assert signed.steps == ["marker", "limit", "price", "open_payee", "open_fee", "pay", "fee", "memo"]
    assert len(signed.raw) <= 1232
    tx = VersionedTransaction.from_bytes(signed.raw)
    assert all(tx.verify_with_results())
    assert str(tx.signatures[0]) == signed.signature
    assert memo.text(whole.payment_id).encode() in signed.raw


def test_the_priority_fee_is_capped_in_lamports(terms: dict[str, Any], change: Callable[..., None]) -> None:
    change(solana_priority_fee=10**9, solana_priority_fee_cap=500, solana_compute_limit=50_000)
    for opens in (False, True):
        limit, price = build.compute_budget(order(terms, open_payee=opens))
        assert 0 < limit * price <= 500 * 10**6
    change(solana_priority_fee_cap=0)
    signed = build.sign(
        order(terms), blockhash=BLOCKHASH, fee_payer=keys.fee_payer(), collector=keys.collector(1)
    )
    assert "price" not in signed.steps


def test_keys_that_cannot_be_read_are_refused_without_their_text(change: Callable[..., None]) -> None:
    for text in ("1:secret", "secret", "x:secret"):
        change(solana_collector_keys=[SecretStr(text)])
        with pytest.raises(Refusal) as refused:
            keys.collectors()
        assert "secret" not in refused.value.message
    change(solana_collector_keys=[])
    with pytest.raises(Refusal):
        keys.newest()
    change(solana_fee_payer_key=SecretStr(""))
    with pytest.raises(Refusal):
        keys.fee_payer()
