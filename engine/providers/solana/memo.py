"""Payments carry their id as a memo; the history of an account shows the memos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.providers.solana.faults import OutcomeUnknown
from engine.providers.solana.rpc import Client

PAGE, PAGES_MAX = 1000, 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One transaction of an account's history that carries the memo."""

    signature: str
    slot: int
    err: Any


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan found; `reached_back` if it saw the history to before the slot that was asked for."""

    entries: list[Entry]
    reached_back: bool


def text(payment_id: UUID) -> str:
    """The memo of a payment: 32 hexadecimal characters. Opaque, for the chain is public."""
    return payment_id.hex


def scan(client: Client, account: str, memo: str, *, since: int, context_slot: int | None) -> Scan:
    """Finalized transactions of `account` with `memo`, newest first, back beyond slot `since`.

    `reached_back` is claimed only when an older transaction was seen: where the list merely ends, the
    node may have forgotten the rest. Nodes behind `context_slot` are refused. Calls out, up to 20 pages
    of 1000. Raises RpcFault.
    """
    entries: list[Entry] = []
    before: str | None = None
    for _ in range(PAGES_MAX):
        page = _page(client, account, before, context_slot)
        for line in page:
            if line["slot"] < since:
                return Scan(entries, reached_back=True)
            if memo in (line.get("memo") or ""):
                entries.append(Entry(line["signature"], line["slot"], line["err"]))
        if len(page) < PAGE:
            break
        before = page[-1]["signature"]
    return Scan(entries, reached_back=False)


def _page(client: Client, account: str, before: str | None, context_slot: int | None) -> list[dict[str, Any]]:
    options: dict[str, Any] = {"limit": PAGE, "commitment": "finalized"}
    options |= {"before": before} if before else {}
    options |= {"minContextSlot": context_slot} if context_slot is not None else {}
    page = client.read("getSignaturesForAddress", [account, options])
    whole = isinstance(page, list) and all(
        isinstance(line, dict) and {"slot", "signature", "err"} <= line.keys() for line in page
    )
    if not whole:
        raise OutcomeUnknown("the history came in a form that can't be read")
    return page  # type: ignore[no-any-return]
