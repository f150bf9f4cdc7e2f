"""A payer, a creator and our keys on a localnet, and an engine in a few lines to drive the provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.constants import WRAPPED_SOL_MINT

from engine.core.ids import uuid7
from engine.providers.base import Asked, Finding, Outcome, Payable, Prepared, Sendable
from engine.providers.solana.addresses import token_account
from engine.providers.solana.provider import SolanaDelegate
from sandbox.localnet import wallets
from sandbox.localnet.control import Localnet

DECIMALS = 6
USDC = 10**DECIMALS
FINAL_SLOTS = 40  # more than finality takes
DEAD_SLOTS = 200  # more than a blockhash's life and finality


@dataclass
class World:
    """Keys and accounts of one test. The payer holds 100 and has approved 50."""

    net: Localnet
    authority: Keypair
    mint: Pubkey
    collector: Keypair
    fee_payer: Keypair
    fee_wallet: Keypair
    payer: Keypair = field(default_factory=Keypair)
    payee: Keypair = field(default_factory=Keypair)

    def account(self, owner: Keypair, mint: Pubkey | None = None) -> Pubkey:
        return Pubkey.from_string(token_account(str(owner.pubkey()), str(mint or self.mint)))

    def open(self, owner: Keypair, amount: int = 0) -> Pubkey:
        account = wallets.create_token_account(self.net, self.authority, owner.pubkey(), self.mint)
        if amount:
            wallets.mint_to(self.net, self.authority, self.mint, account, amount)
        return account

    def approve(self, amount: int, owner: Keypair | None = None, delegate: Pubkey | None = None) -> None:
        owner, to = owner or self.payer, delegate or self.collector.pubkey()
        wallets.approve(self.net, owner, self.account(owner), self.mint, to, amount, DECIMALS)

    def instructions(self, **changed: Any) -> dict[str, Any]:
        mint = Pubkey.from_string(changed.get("mint", str(self.mint)))
        return {
            "mint": str(mint),
            "decimals": 9 if mint == WRAPPED_SOL_MINT else DECIMALS,
            "payer": str(self.payer.pubkey()),
            "source": str(self.account(self.payer, mint)),
            "payee": str(self.payee.pubkey()),
            "collector": 1,
            "fee_wallet": "",
            "strict_once": False,
            **changed,
        }

    def payable(
        self,
        amount: int = USDC,
        fee: int = 0,
        last_try: bool = False,
        payment_id: UUID | None = None,
        **changed: Any,
    ) -> Payable:
        terms = self.instructions(**changed)
        return Payable(payment_id or uuid7(), "charge", amount, fee, "USDC", terms, last_try)

    def settled(self, payable: Payable) -> list[dict[str, Any]]:
        """Transactions with this payment's memo that moved money, from the chain's own log."""
        return [tx for tx in self.net.truth(memo=payable.payment_id.hex) if tx["err"] is None]

    def balance(self, owner: Keypair, mint: Pubkey | None = None) -> int:
        return wallets.token_balance(self.net, self.account(owner, mint))


@dataclass
class Attempt:
    """One signed attempt with the payment it is for."""

    payable: Payable
    prepared: Prepared
    attempt_id: UUID = field(default_factory=uuid7)

    def sendable(self, send_no: int = 1) -> Sendable:
        p, one = self.payable, self.prepared
        return Sendable(
            self.attempt_id, p.payment_id, send_no, p.operation, one.identity, one.envelope, one.data,
            p.amount_minor, p.currency, p.instructions,
        )  # fmt: skip

    def asked(self) -> Asked:
        p, one = self.payable, self.prepared
        return Asked(
            self.attempt_id, p.payment_id, p.operation, one.identity, one.data,
            p.amount_minor, p.fee_minor, p.currency, p.instructions,
        )  # fmt: skip


class Driver:
    """What the engine does with the provider, without its tables."""

    def __init__(self) -> None:
        self.provider = SolanaDelegate()

    def prepare(self, *payables: Payable) -> list[Any]:
        return self.provider.prepare(payables, self.provider.context(payables))

    def sign(self, payable: Payable) -> Attempt:
        (one,) = self.prepare(payable)
        assert isinstance(one, Prepared), one
        return Attempt(payable, one)

    def send(self, attempt: Attempt, send_no: int = 1) -> Finding:
        return self.provider.submit(attempt.sendable(send_no))

    def pay(self, payable: Payable) -> Attempt:
        attempt = self.sign(payable)
        self.send(attempt)
        return attempt

    def lookup(self, attempt: Attempt) -> Finding:
        return self.provider.lookup([attempt.asked()])[attempt.attempt_id]

    def recover(self, attempt: Attempt) -> Finding:
        """The engine's rule: absent -> sign anew and send; missing -> the same bytes; else leave it."""
        finding = self.lookup(attempt)
        if finding.outcome is Outcome.ABSENT:
            self.pay(attempt.payable)
        elif finding.outcome is Outcome.MISSING:
            self.send(attempt, 2)
        return finding
