"""Transactions that landed, read for what they moved: balances after less balances before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from engine.providers.solana.faults import OutcomeUnknown, RpcError
from engine.providers.solana.rpc import Client

BATCH = 50
OPTIONS = {"encoding": "json", "commitment": "finalized", "maxSupportedTransactionVersion": 0}


@dataclass(frozen=True, slots=True)
class Landed:
    """One transaction. Token amounts in minor units by account, lamports of the fee payer."""

    signature: str
    slot: int
    block_time: int | None  # unix seconds
    err: Any
    before: Mapping[str, int]
    after: Mapping[str, int]
    mints: Mapping[str, str]
    fee_payer: str
    lamports_spent: int  # what the fee payer has less: fee and rent

    def change(self, account: str) -> int:
        """Minor units that reached the account (negative: left it)."""
        return self.after.get(account, 0) - self.before.get(account, 0)


def read(client: Client, signatures: Iterable[str]) -> dict[str, Landed]:
    """Finalized transactions by signature; those the node can't show (yet, or any more) are left out.

    So is one in a form that can't be read: it waits alone, the others of its batch go on.
    Calls out, 50 a call. Raises RpcFault.
    """
    wanted = list(dict.fromkeys(signatures))
    found: dict[str, Landed] = {}
    for start in range(0, len(wanted), BATCH):
        chunk = wanted[start : start + BATCH]
        answers = client.read_many([("getTransaction", [each, OPTIONS]) for each in chunk])
        for signature, answer in zip(chunk, answers, strict=True):
            if answer is not None and not isinstance(answer, RpcError):
                with suppress(OutcomeUnknown):
                    found[signature] = _parse(signature, answer)
    return found


def _parse(signature: str, answer: Any) -> Landed:
    try:
        meta, message = answer["meta"], answer["transaction"]["message"]
        loaded = meta.get("loadedAddresses") or {}
        accounts = [*message["accountKeys"], *loaded.get("writable", []), *loaded.get("readonly", [])]
        before, after = meta["preTokenBalances"], meta["postTokenBalances"]
        return Landed(
            signature=signature,
            slot=int(answer["slot"]),
            block_time=answer.get("blockTime"),
            err=meta["err"],
            before=_amounts(accounts, before),
            after=_amounts(accounts, after),
            mints={accounts[each["accountIndex"]]: each["mint"] for each in [*before, *after]},
            fee_payer=accounts[0],
            lamports_spent=int(meta["preBalances"][0]) - int(meta["postBalances"][0]),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        raise OutcomeUnknown("a transaction came in a form that can't be read") from None


def _amounts(accounts: list[str], balances: list[dict[str, Any]]) -> dict[str, int]:
    return {accounts[each["accountIndex"]]: int(each["uiTokenAmount"]["amount"]) for each in balances}
