"""Receiving accounts that we open at our cost: once per creator and mint.

Who closes an account is paid its rent, so an account that we opened and that is missing again is not
opened a second time: the payment waits for the creator. Whether we did open it is asked of the chain:
the transaction that was to open it may have failed or never landed, and then we may.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from engine.providers.base import Prepared
from engine.providers.solana import proof
from engine.providers.solana.models import Destination
from engine.providers.solana.rpc import Client

COLUMNS = ["payment_id", "signature", "last_valid_block_height", "signed_slot"]


class Opened(StrEnum):
    """What became of the transaction that was to open an account."""

    YES = "yes"  # it did, or that can't be ruled out
    NOT_YET = "not_yet"  # it may still land
    NO = "no"  # it failed, or can never land


@dataclass(frozen=True, slots=True)
class Opening:
    """An account that is missing now and that payment `payment_id` was to open."""

    payment_id: UUID
    opened: Opened


def openings(client: Client, missing: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Opening]:
    """What we did before for missing accounts, by (payee, mint). Reads the table, calls out.

    Raises RpcFault.
    """
    pairs = set(missing)
    rows = Destination.objects.filter(payee__in={payee for payee, _ in pairs}) if pairs else []
    known = {(row.payee, row.mint): row for row in rows if (row.payee, row.mint) in pairs}
    if not known:
        return {}
    seen, head = proof.look(client, [row.signature for row in known.values()])
    return {
        pair: Opening(row.payment_id, _opened(row, seen[row.signature], head)) for pair, row in known.items()
    }


def record(prepared: Sequence[Prepared]) -> None:
    """Write down which payments are to open accounts, in the caller's transaction. Writes, no calls."""
    rows = [
        Destination(
            payee=each.data["opens"]["payee"],
            mint=each.data["opens"]["mint"],
            payment_id=each.payment_id,
            signature=each.identity,
            last_valid_block_height=each.data["last_valid_block_height"],
            signed_slot=each.data["signed_slot"],
        )
        for each in sorted(prepared, key=lambda each: each.identity)
        if each.data.get("opens")
    ]
    # Two workers may open the same account at once; the instruction is idempotent, so rent is paid once.
    rows = list({(row.payee, row.mint): row for row in rows}.values())
    rows.sort(key=lambda row: (row.payee, row.mint))  # one lock order for all workers
    Destination.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["payee", "mint"], update_fields=COLUMNS
    )


def _opened(row: Destination, seen: proof.Seen, head: proof.Head | None) -> Opened:
    if seen.status is not None:
        if seen.status.err is None:
            return Opened.YES
        return Opened.NO if seen.status.level == "finalized" else Opened.NOT_YET
    if not proof.is_past(head, row.last_valid_block_height):
        return Opened.NOT_YET
    gone = proof.is_fresh(seen, head) and proof.is_kept(head, row.signed_slot)
    return Opened.NO if gone else Opened.YES
