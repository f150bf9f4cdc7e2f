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
    signature: str  # of its transaction
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
        pair: Opening(row.payment_id, row.signature, _opened(row, seen[row.signature], head))
        for pair, row in known.items()
    }


def record(prepared: Sequence[Prepared]) -> list[Prepared]:
    """Write down which payments are to open accounts; those that may not, because another one is to. Writes.

    A row is replaced only by who saw it: the transaction of one that was written meanwhile may still land, and
    what it opens must be known as ours, or its rent would be paid again. In the caller's transaction, no calls.
    """
    opening = [each for each in prepared if each.data.get("opens")]
    opening.sort(key=lambda each: (each.data["opens"]["payee"], each.data["opens"]["mint"]))  # one lock order
    Destination.objects.bulk_create([_row(each) for each in opening], ignore_conflicts=True)
    return [each for each in opening if not _is_ours(each)]


def _row(opener: Prepared) -> Destination:
    opens = opener.data["opens"]
    return Destination(
        payee=opens["payee"],
        mint=opens["mint"],
        payment_id=opener.payment_id,
        signature=opener.identity,
        last_valid_block_height=opener.data["last_valid_block_height"],
        signed_slot=opener.data["signed_slot"],
    )


def _is_ours(opener: Prepared) -> bool:
    """Compare-and-set: ours already, or the one that the batch's context saw."""
    row = _row(opener)
    found = Destination.objects.filter(
        payee=row.payee, mint=row.mint, signature__in=(row.signature, opener.data["opens"]["instead_of"])
    )
    return bool(found.update(**{name: getattr(row, name) for name in COLUMNS}))


def _opened(row: Destination, seen: proof.Seen, head: proof.Head | None) -> Opened:
    if seen.status is not None:
        if seen.status.err is None:
            return Opened.YES
        return Opened.NO if seen.status.level == "finalized" else Opened.NOT_YET
    if not proof.is_past(head, row.last_valid_block_height):
        return Opened.NOT_YET
    gone = proof.is_fresh(seen, head) and proof.is_kept(head, row.signed_slot)
    return Opened.NO if gone else Opened.YES
