"""Cancel what has not been sent: the payment's row is locked first, so mark sent and cancel can't both win."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from engine.core import clock, sql
from engine.outbox.emit import NewEvent, emit


def cancel_scheduled(
    source_kind: str, source_ids: Sequence[UUID], *, reason: str, machine_at: datetime
) -> list[UUID]:
    """Cancel the scheduled payments of these sources; the source ids whose payment was canceled.

    Writes in the caller's transaction. What is in flight can't be stopped, and what money arrived for is a
    person's to decide: both are left out. The caller takes the reservation off for the returned sources.
    """
    if not source_ids:
        return []
    found = sql.rows(sql.statement(__file__, "lock_open"), {"kind": source_kind, "sources": list(source_ids)})
    params = {"ids": [row[0] for row in found], "reason": reason, "now": machine_at}
    canceled = sql.rows(sql.statement(__file__, "cancel_scheduled"), params)
    times = clock.business_times((row[3] for row in canceled), machine_at)
    emit(
        [
            NewEvent("payment.canceled", "payment", payment_id, version, clock_id, times[clock_id], correlation,
                     {"payment_id": payment_id, "state": "canceled", "reason": reason})
            for payment_id, _, version, clock_id, correlation in canceled
        ],
        machine_at=machine_at,
    )  # fmt: skip
    return [row[1] for row in canceled]
