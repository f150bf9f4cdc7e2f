"""Payments that are not sent now: whom they wait for, and when they are looked at again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from engine.core import sql
from engine.providers.base import Hold, HoldKind
from payments.pipeline import spans


def write(holds: Sequence[Hold], *, machine_at: datetime) -> None:
    """Store each hold with its reason. Writes in the caller's transaction; no hold counts as a try."""
    if not holds:
        return
    sql.affected(
        sql.statement(__file__, "write_holds"),
        {
            "ids": [one.payment_id for one in holds],
            "kinds": [one.kind.value for one in holds],
            "codes": [one.code for one in holds],
            "messages": [one.message for one in holds],
            "seconds": [_gap(one) for one in holds],
            "now": machine_at,
        },
    )


def write_counted(held: Hold, *, machine_at: datetime) -> int:
    """The same for one whose take counts; how often it was taken without a result. Writes."""
    params = {"id": held.payment_id, "kind": held.kind.value, "code": held.code, "message": held.message,
              "seconds": _gap(held), "now": machine_at}  # fmt: skip
    found = sql.rows(sql.statement(__file__, "write_counted_hold"), params)
    return int(found[0][0]) if found else 0


def behind_another(payment_ids: Sequence[UUID], *, machine_at: datetime, taken: bool = False) -> None:
    """Another open payment of the same source goes first. Writes in the caller's transaction.

    `taken`: they were taken for sending; that does not count.
    """
    if payment_ids:
        again = machine_at + timedelta(seconds=spans.take())
        params = {"ids": list(payment_ids), "again": again, "taken": int(taken)}
        sql.affected(sql.statement(__file__, "wait_in_queue"), params)


def _gap(one: Hold) -> float:
    if one.retry_seconds is not None:
        return one.retry_seconds
    return spans.watch() if one.kind is HoldKind.FUNDS else spans.watch() * 2
