"""The only writer of money: set-based, append-only, in the transaction of the change it records (I5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError

from engine.core import sql
from engine.core.ids import uuid7s
from engine.core.money import MAX_MINOR
from engine.core.packed import packed


class Leg(NamedTuple):
    """One transfer of a posting. `seq` is its place in docs/ledger.md; `amount_minor` is above zero."""

    kind: str
    source_id: UUID
    seq: int
    debit: int
    credit: int
    currency: str
    amount_minor: int
    business_at: datetime


def post(legs: Sequence[Leg], *, machine_at: datetime) -> None:
    """Book all `legs`. Writes in the caller's transaction and must be called inside one.

    Raises IntegrityError if a (kind, source, seq) is booked already, an amount is not above zero or an
    account is missing: the caller's change then does not happen either.
    """
    if not legs:
        return
    if sql.outside_transaction():
        raise RuntimeError("a posting belongs into the transaction of the change that it records")
    posted = sql.affected(
        sql.statement(__file__, "post_transfers"),
        {
            "ids": packed(uuid7s(len(legs))),
            "kinds": [leg.kind for leg in legs],
            "sources": packed(leg.source_id for leg in legs),
            "seqs": packed(leg.seq for leg in legs),
            "debits": packed(leg.debit for leg in legs),
            "credits": packed(leg.credit for leg in legs),
            "currencies": [leg.currency for leg in legs],
            "amounts": packed(leg.amount_minor for leg in legs),
            "business_ats": packed(leg.business_at for leg in legs),
            "machine_at": machine_at,
        },
    )
    if posted != len(legs):
        raise IntegrityError(
            f"{len(legs) - posted} of {len(legs)} legs name an account of another currency, or none"
        )
    changes: dict[int, int] = defaultdict(int)
    for leg in legs:
        changes[leg.debit] += leg.amount_minor
        changes[leg.credit] -= leg.amount_minor
    _note(changes)


def _note(changes: dict[int, int]) -> None:
    """One delta per account and batch; roll-up adds them to the balances later. What arrived is always booked: a
    sum that leaves 64 bits goes into as many deltas as it takes.
    """
    parts = [(account, part) for account in sorted(changes) for part in _parts(changes[account])]
    sql.rows(
        sql.statement(__file__, "note_deltas"),
        {"accounts": packed(account for account, _ in parts), "amounts": packed(part for _, part in parts)},
    )


def _parts(amount: int) -> Iterator[int]:
    while amount:
        part = max(-MAX_MINOR, min(amount, MAX_MINOR))
        yield part
        amount -= part
