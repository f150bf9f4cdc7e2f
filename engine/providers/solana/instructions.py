"""What a payment on this rail was told when it was created, checked and typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.core.errors import Refusal
from engine.providers.solana import keys
from engine.providers.solana.addresses import mint_decimals, mint_of, public_key, token_account

FIELDS = frozenset({"mint", "decimals", "payer", "source", "payee", "collector", "fee_wallet", "strict_once"})


@dataclass(frozen=True, slots=True)
class Terms:
    """Typed instructions. Keys are base58; `payee_account` and `fee_account` are token accounts."""

    mint: str
    decimals: int
    payer: str
    source: str
    payee: str
    payee_account: str
    collector: int
    fee_account: str  # "" where the fee is a receivable instead of a second leg
    fee_wallet: str
    strict_once: bool

    def legs(self, amount_minor: int, fee_minor: int) -> tuple[int, int]:
        """(to the payee, to our fee account) in minor units of the gross `amount_minor`."""
        fee = fee_minor if self.fee_account else 0
        if not 0 <= fee <= amount_minor or not 0 < amount_minor < 2**63:
            raise Refusal("amount_invalid", "the fee must be inside the amount", param="fee_minor")
        return amount_minor - fee, fee


def validate_instructions(instructions: Mapping[str, Any], *, currency: str = "") -> Terms:
    """`instructions` typed, for freezing on a payment in `currency`. Pure. Raises Refusal naming the field.

    Whether the mint is the classic SPL Token program's is asked of the chain by `approval.check_mint`.
    """
    terms = read_terms(instructions)
    if mint_decimals(terms.mint) != terms.decimals:
        raise Refusal("decimals_differ", "decimals differ from the allow-list's", param="decimals")
    if currency and mint_of(currency) != terms.mint:
        raise Refusal("mint_differs", f"this mint is not that of {currency}", param="mint")
    keys.collector(terms.collector)
    return terms


def read_terms(instructions: Mapping[str, Any]) -> Terms:
    """Frozen instructions typed: their form alone, so that a changed setting can't lose a payment.

    Pure. Raises Refusal naming the field.
    """
    if set(instructions) != FIELDS:
        wrong = ", ".join(sorted(set(instructions) ^ FIELDS))
        raise Refusal("instructions_invalid", f"missing or unknown: {wrong}", param="instructions")
    given = dict(instructions)
    for name in ("mint", "payer", "source", "payee"):
        public_key(given[name], name)
    if given["fee_wallet"]:
        public_key(given["fee_wallet"], "fee_wallet")
    if type(given["decimals"]) is not int or type(given["collector"]) is not int:
        raise Refusal("instructions_invalid", "decimals and collector are numbers", param="instructions")
    terms = _terms(given)
    _separate(terms)
    return terms


def _terms(given: dict[str, Any]) -> Terms:
    mint, fee_wallet = given["mint"], given["fee_wallet"] or ""
    return Terms(
        mint=mint,
        decimals=given["decimals"],
        payer=given["payer"],
        source=given["source"],
        payee=given["payee"],
        payee_account=token_account(given["payee"], mint),
        collector=given["collector"],
        fee_account=token_account(fee_wallet, mint) if fee_wallet else "",
        fee_wallet=fee_wallet,
        strict_once=bool(given["strict_once"]),
    )


def _separate(terms: Terms) -> None:
    """Amounts are read from balances: legs between the same accounts could not be told apart."""
    if terms.payee_account == terms.source:
        raise Refusal("payee_is_payer", "the payer can't pay themself", param="payee")
    if terms.fee_account and terms.fee_account in (terms.source, terms.payee_account):
        raise Refusal("fee_wallet_is_party", "the fee wallet is the payer or the payee", param="fee_wallet")
