"""The dead test: when a signature that nobody saw may be given up for a new one (design section 6).

All four guards must hold. Each is a function of its own, so that tests can take one away and show that
money then moves twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from engine.providers.base import Finding, Outcome
from engine.providers.solana import memo
from engine.providers.solana.faults import OutcomeUnknown, RpcError, RpcFault
from engine.providers.solana.rpc import Call, Client

STATUSES_MAX = 256


@dataclass(frozen=True, slots=True)
class Status:
    """What a node knows of a signature. `level` is processed, confirmed or finalized."""

    slot: int
    err: Any
    level: str


@dataclass(frozen=True, slots=True)
class Head:
    """The finalized head as one answer gave it, and the oldest block the same node still has."""

    slot: int
    height: int
    first_available: int | None


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at one signature: its status, and the slot in which the node answered."""

    status: Status | None
    slot: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What must be shown of a signed transaction to call it dead. Slots and block heights."""

    signature: str
    last_valid_block_height: int
    signed_slot: int
    source: str
    memo: str


def look(client: Client, signatures: Sequence[str]) -> tuple[dict[str, Seen], Head | None]:
    """Statuses and the head from one batch, so from one node. Calls out. Raises RpcFault."""
    chunks = [signatures[n : n + STATUSES_MAX] for n in range(0, len(signatures), STATUSES_MAX)]
    calls: list[Call] = [
        ("getLatestBlockhash", [{"commitment": "finalized"}]),
        ("getFirstAvailableBlock", []),
        *(("getSignatureStatuses", [list(c), {"searchTransactionHistory": True}]) for c in chunks),
    ]
    head, first, *answers = client.read_many(calls)
    seen: dict[str, Seen] = {}
    try:
        for chunk, answer in zip(chunks, answers, strict=True):
            if isinstance(answer, RpcError):
                raise answer
            slot = int(answer["context"]["slot"])
            pairs = zip(chunk, answer["value"], strict=True)
            seen |= {signature: Seen(_status(value), slot) for signature, value in pairs}
        return seen, _head(head, first)
    except (KeyError, TypeError, ValueError):
        raise OutcomeUnknown("statuses came in a form that can't be read") from None


def is_past(head: Head | None, last_valid_block_height: int) -> bool:
    """Guard (a): the finalized height is past the last one at which the transaction could land."""
    return head is not None and head.height > last_valid_block_height


def is_null(seen: Seen) -> bool:
    """Guard (b): the node, searching its history, does not know the signature."""
    return seen.status is None


def is_fresh(seen: Seen, head: Head | None) -> bool:
    """Guard (c): who did not find it had already processed the slot in which it was too late."""
    return head is not None and seen.slot >= head.slot


def is_kept(head: Head | None, signed_slot: int) -> bool:
    """Guard (d): the node still has every block since the signing."""
    return head is not None and head.first_available is not None and head.first_available <= signed_slot


def judge(client: Client, claim: Claim, seen: Seen, head: Head | None) -> Finding | Status:
    """A signature with no status: MISSING while it may land, ABSENT once it can't, else UNKNOWN.

    A Status where the payer's account history knows it after all. May call out (guard d's scan).
    """
    if not is_past(head, claim.last_valid_block_height):
        return Finding(Outcome.MISSING, code="not_seen", message="Not on the chain yet; it may still land.")
    if not is_fresh(seen, head):
        return _cannot("c", "the node that answered lags behind the deadline", seen.slot)
    if is_kept(head, claim.signed_slot):
        return _absent(claim)
    return _by_history(client, claim, seen, head)


def _by_history(client: Client, claim: Claim, seen: Seen, head: Head | None) -> Finding | Status:
    try:
        newest = head.slot if head else None
        found = memo.scan(client, claim.source, claim.memo, since=claim.signed_slot, context_slot=newest)
    except RpcFault:
        return _cannot("d", "the account's history could not be read", seen.slot)
    for entry in found.entries:
        if entry.signature == claim.signature:
            return Status(entry.slot, entry.err, "finalized")
    if any(entry.err is None for entry in found.entries):
        return _cannot("d", "another transaction carries this payment's memo", seen.slot, park=True)
    if not found.reached_back:
        return _cannot("d", "no history goes back to the signing", seen.slot, park=True, not_seen=True)
    return _absent(claim)


def _absent(claim: Claim) -> Finding:
    return Finding(
        Outcome.ABSENT,
        code="expired",
        message="Never landed, and its blockhash is dead.",
        detail={"last_valid_block_height": claim.last_valid_block_height},
    )


def _cannot(guard: str, why: str, slot: int, *, park: bool = False, not_seen: bool = False) -> Finding:
    """`park` where asking again can't help: what a node has forgotten stays forgotten. `not_seen`: nothing speaks for
    it, so a person may declare it absent (payments/absent.py)."""
    detail = {"guard": guard, "why": why, "context_slot": slot, "park": park, "not_seen": not_seen}
    message = f"Absence can't be shown: {why}."
    return Finding(Outcome.UNKNOWN, code="cannot_prove", message=message, detail=detail)


def _head(latest: Any, first: Any) -> Head | None:
    if isinstance(latest, RpcError):
        return None
    # Slot and height must come from one answer: two could come from two nodes, or two moments.
    height = int(latest["value"]["lastValidBlockHeight"]) - settings.ENV.solana_blockhash_slots
    return Head(int(latest["context"]["slot"]), height, first if type(first) is int else None)


def _status(value: dict[str, Any] | None) -> Status | None:
    if value is None:
        return None
    rooted = "finalized" if value["confirmations"] is None else "processed"
    return Status(int(value["slot"]), value["err"], str(value.get("confirmationStatus") or rooted))
