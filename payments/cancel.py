"""Cancel what has not been sent: the payment's row is locked first, so mark sent and cancel can't both win.

What is in flight can't be stopped. It is told to stop: if it proves not to have left, it ends canceled. What money
may have arrived for is told the same, and is recalled when nothing speaks against it any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from django.db import transaction

from engine.core import clock, sql
from engine.core.errors import first_line
from engine.outbox.emit import NewEvent, emit
from payments import sources
from payments.models import Payment
from payments.pipeline import park, stop
from payments.sources import SourceChange

log = structlog.get_logger(__name__)


class Canceled(NamedTuple):
    """The columns that cancel_scheduled.sql returns."""

    id: UUID
    source_id: UUID
    version: int
    clock_id: int
    correlation_id: UUID | None
    source_kind: str
    no: int
    currency: str
    amount_minor: int


def call_back(
    source_kind: str, source_ids: Sequence[UUID], *, code: str, reason: str, machine_at: datetime
) -> list[UUID]:
    """Cancel the scheduled payments of these sources; the source ids whose payment was canceled.

    Writes in the caller's transaction. What is in flight, and what money may have arrived for, is told to stop
    and left out: recall takes it back later. The caller takes the reservation off for the returned sources.
    """
    if not source_ids:
        return []
    found = sql.rows(sql.statement(__file__, "lock_open"), {"kind": source_kind, "sources": list(source_ids)})
    return [each.source_id for each in _cancel([row[0] for row in found], code, reason, machine_at)]


def lock_of_method(method_id: UUID) -> list[UUID]:
    """Lock the open payments that are to be collected from a method; their ids. Call in a transaction."""
    return [row[0] for row in sql.rows(sql.statement(__file__, "lock_of_method"), {"method": method_id})]


def call_back_locked(payment_ids: Sequence[UUID], *, code: str, reason: str, machine_at: datetime) -> int:
    """The same for payments that the caller has locked; their sources are told. How many were canceled.

    Writes in the caller's transaction. Raises HookRefused.
    """
    canceled = _cancel(payment_ids, code, reason, machine_at)
    _tell(canceled, code, reason, machine_at)
    return len(canceled)


def recall(*, most: int = 500) -> int:
    """Cancel what was told to stop and came back to be scheduled; its sources are told. How many. Commits each.

    One whose source refuses, or that fails, is parked with the reason: it is never signed, and keeps no other.
    """
    with transaction.atomic():
        found = sql.rows(sql.statement(__file__, "told_to_stop"), {"most": most})
    return sum(_recall(*row) for row in found)


def _recall(payment_id: UUID, code: str, reason: str) -> int:
    now = clock.machine_now()
    try:
        with transaction.atomic():
            # Whoever holds it works on it: it is looked at again, and nobody behind it waits for that.
            free = Payment.objects.select_for_update(skip_locked=True).filter(pk=payment_id, stop_code=code)
            if free.first() is None:
                return 0
            return call_back_locked([payment_id], code=code, reason=reason, machine_at=now)
    except sources.HookRefused as refusal:
        why = f"it was stopped, and its source refuses that: {refusal}"
    except Exception as fault:
        if sql.its_own(fault):
            log.warning("a stop is taken back later", payment_id=str(payment_id), fault=first_line(fault))
            return 0
        if sql.lost(fault):
            raise
        why = f"it was stopped, and that failed: {type(fault).__name__}: {first_line(fault)}"
    with transaction.atomic():
        park.park([payment_id], why, machine_at=now, among=(Payment.State.SCHEDULED,))
    return 0


def _tell(canceled: Sequence[Canceled], code: str, reason: str, machine_at: datetime) -> None:
    times = clock.business_times((each.clock_id for each in canceled), machine_at)
    sources.tell([
        SourceChange(each.id, each.source_kind, each.source_id, each.no, "canceled", each.currency, each.amount_minor,
                     0, "", code, reason, each.clock_id, times[each.clock_id], machine_at, each.correlation_id)
        for each in canceled
    ])  # fmt: skip


def _cancel(locked: Sequence[UUID], code: str, reason: str, machine_at: datetime) -> list[Canceled]:
    params = {"ids": list(locked), "code": code, "reason": reason, "now": machine_at}
    canceled = [Canceled._make(row) for row in sql.rows(sql.statement(__file__, "cancel_scheduled"), params)]
    stop.tell(set(locked) - {each.id for each in canceled}, code=code, reason=reason)
    times = clock.business_times((each.clock_id for each in canceled), machine_at)
    emit(
        [
            NewEvent("payment.canceled", "payment", each.id, each.version, each.clock_id, times[each.clock_id],
                     each.correlation_id, {"payment_id": each.id, "state": "canceled", "code": code, "reason": reason})
            for each in canceled
        ],
        machine_at=machine_at,
    )  # fmt: skip
    return canceled
