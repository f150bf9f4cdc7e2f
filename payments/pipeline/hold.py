"""Payments that are not sent now: whom they wait for, and when they are looked at again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from engine.core import clock, sql
from engine.providers.base import Hold, HoldKind
from payments.models import Payment
from payments.pipeline import spans


def write(holds: Sequence[Hold], *, machine_at: datetime) -> None:
    """Store each hold with its reason. Writes in the caller's transaction; no hold counts as a try.

    The first that waits for the payer's funds opens the grace window of its payment.
    """
    if not holds:
        return
    since = _opened(holds, machine_at)
    sql.affected(
        sql.statement(__file__, "write_holds"),
        {
            "ids": [one.payment_id for one in holds],
            "kinds": [one.kind.value for one in holds],
            "codes": [one.code for one in holds],
            "messages": [one.message for one in holds],
            "seconds": [_gap(one) for one in holds],
            "since": [since.get(one.payment_id) for one in holds],
            "grace": spans.grace(),
            "now": machine_at,
        },
    )


def write_counted(held: Hold, *, machine_at: datetime) -> int:
    """A hold by a fault of the row's own, whose take counts; how often it was taken without a result. Writes."""
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


def _opened(holds: Sequence[Hold], machine_at: datetime) -> dict[UUID, datetime]:
    """Where a payer is found short for the first time: the moment, on the clock of the payment."""
    short = [one.payment_id for one in holds if one.kind is HoldKind.FUNDS]
    if not short:
        return {}
    found = Payment.objects.filter(pk__in=short, grace_start=None).values_list("pk", "clock_id")
    clocks = dict(found)
    times = clock.business_times(clocks.values(), machine_at)
    return {payment_id: times[clock_id] for payment_id, clock_id in clocks.items()}


def _gap(one: Hold) -> float:
    if one.retry_seconds is not None:
        return one.retry_seconds
    return spans.watch() if one.kind is HoldKind.FUNDS else spans.watch() * 2
