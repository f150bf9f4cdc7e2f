"""The provider: one approval by the payer, pulls signed by our collector key, finality as the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from engine.core.errors import Refusal
from engine.providers.abilities import ApprovalAsked, ApprovalFound, Standing
from engine.providers.base import (
    Asked,
    Finding,
    Hold,
    Payable,
    Prepared,
    ProviderUnavailable,
    Sendable,
)
from engine.providers.solana import (
    destinations,
    holds,
    memo,
    method,
    network,
    outcome,
    proof,
    rpc,
    snapshot,
    submit,
)
from engine.providers.solana.addresses import public_key
from engine.providers.solana.faults import NodeBehind, RateLimited, RpcFault
from engine.providers.solana.instructions import read_terms
from engine.providers.solana.prepare import Batch
from engine.providers.solana.sheet import NAME, RAIL, sheet
from engine.providers.solana.snapshot import Snapshot


class SolanaDelegate:
    """`engine.providers.base.Provider` for the rail `spl_delegate`. Amounts in the mint's minor units."""

    name = NAME
    rail = RAIL

    def __init__(self) -> None:
        self.sheet = sheet()

    def context(self, payables: Sequence[Payable]) -> Snapshot:
        """Blockhash, accounts and our fee payer's balance for a batch. Calls out, reads our table.

        Raises ProviderUnavailable, also where our own keys are not configured.
        """
        try:
            return snapshot.take(rpc.client(), payables)
        except RpcFault as fault:
            raise _unavailable(fault) from None
        except Refusal as refusal:
            if refusal.code != "key_malformed":
                raise
            raise ProviderUnavailable(refusal.code, refusal.message) from None

    def prepare(self, payables: Sequence[Payable], context: Snapshot) -> list[Prepared | Hold]:
        """Signed transactions, or who is waited for, in order. Pure. Raises Refusal for bad instructions."""
        return Batch(context).answers(payables)

    def committing(self, prepared: Sequence[Prepared]) -> list[Hold]:
        """Note who is to open a payee's account; who was forestalled waits. Writes in the caller's transaction."""
        return [holds.opening(each) for each in destinations.record(prepared)]

    def submit(self, sendable: Sendable) -> Finding:
        """Send the bytes once, within SEND_DEADLINE_SECONDS. Calls out; never raises for faults."""
        return submit.submit(rpc.client(), sendable)

    def lookup(self, asked: Sequence[Asked]) -> dict[UUID, Finding]:
        """The chain's truth by attempt id. Calls out. Raises ProviderUnavailable if nothing was learned."""
        if not asked:
            return {}
        client = rpc.client()
        try:
            seen, head = proof.look(client, [each.identity for each in asked])
        except RpcFault as fault:
            raise _unavailable(fault) from None
        found: dict[UUID, Finding] = {}
        known: list[tuple[Asked, proof.Status]] = []
        for each in asked:
            verdict = _verdict(client, each, seen[each.identity], head)
            if isinstance(verdict, Finding):
                found[each.attempt_id] = verdict
            else:
                known.append((each, verdict))
        return found | outcome.read(client, known)

    def ask_approval(
        self, *, payer: str, currency: str, add_minor: int, commitments_minor: int, options: Mapping[str, Any]
    ) -> ApprovalAsked:
        """The transaction for the payer's own wallet to sign. Calls out; raises as the contract says.

        Options: `wrap_lamports` (native SOL to wrap first), `strict_once` (a marker locks each payment).
        """
        try:
            return method.ask(payer, currency, add_minor, commitments_minor, options=options)
        except RpcFault as fault:
            raise _unavailable(fault) from None

    def find_approval(self, details: Mapping[str, Any], *, needed_minor: int) -> ApprovalFound:
        """Delegate, allowance, balance and frozen state as the chain has them now. Calls out."""
        try:
            return method.find(details, needed_minor)
        except RpcFault as fault:
            raise _unavailable(fault) from None

    def check_payee(self, wallet: str) -> None:
        """Whether `wallet` is a public key. Raises Refusal."""
        public_key(wallet, "wallet")

    def standing(self) -> Standing:
        """Whether a node answers and says that it is healthy, the chain's time, and whether our fee payer can pay.
        Calls out, never raises."""
        try:
            seen = network.clock_and_health()
            lacks = network.fee_payer_lacks()
        except RpcFault as fault:
            return Standing(False, str(fault))
        return Standing(seen.healthy, seen.message, seen.block_time, lacks)

    def wrong_network(self) -> str:
        """Which endpoints are of another chain than SOLANA_NETWORK, by their genesis hash. Calls out."""
        wrong = [each.message for each in network.check_network() if each.code == "wrong_network"]
        return f"SOLANA_RPC_URL and SOLANA_NETWORK disagree: {'; '.join(wrong)}" if wrong else ""


def _verdict(
    client: rpc.Client, asked: Asked, seen: proof.Seen, head: proof.Head | None
) -> Finding | proof.Status:
    if not proof.is_null(seen) and seen.status is not None:
        return seen.status
    claim = proof.Claim(
        signature=asked.identity,
        last_valid_block_height=asked.data["last_valid_block_height"],
        signed_slot=asked.data["signed_slot"],
        source=read_terms(asked.instructions).source,
        memo=memo.text(asked.payment_id),
    )
    return proof.judge(client, claim, seen, head)


def _unavailable(fault: RpcFault) -> ProviderUnavailable:
    if isinstance(fault, RateLimited):
        return ProviderUnavailable("rate_limited", str(fault), fault.retry_after)
    code = "node_behind" if isinstance(fault, NodeBehind) else "node_unavailable"
    return ProviderUnavailable(code, str(fault))
