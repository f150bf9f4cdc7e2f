"""Intent before effect (I3): sign and commit the attempts; what is signed counts as sent.

One short transaction: provider's row and kill switch, the payments that are still `scheduled`, signing
without calling out, the attempts with identity, fence and deadline, COMMIT.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from engine.core import clock, sql
from engine.core.crypt import seal
from engine.core.ids import uuid7s
from engine.core.packed import packed
from engine.outbox.emit import NewEvent, emit
from engine.providers import registry
from engine.providers.base import Context, Hold, Payable, Prepared, Provider, Sendable
from payments.pipeline import hold, points, refundable, siblings, spans, stop


@dataclass(frozen=True, slots=True)
class Marked:
    """A committed send. `boot` is this machine's boot-time clock before the statement that marked it."""

    sendable: Sendable
    fence: int
    boot: float


def slots(provider: str, *, free: int, ahead: int = 0, now: datetime) -> int:
    """How many rows may be marked: for own free threads, and `ahead` to wait for one; at most the provider's
    concurrency less what is on its way. None waits in its last slot: others with threads free find that, and with it,
    one after the other, all that would only wait here.

    Locks the provider's row and the kill switch for the rest of the transaction; 0 where either says stop.
    """
    found = sql.rows(sql.statement(__file__, "lock_switches"), {"provider": provider})
    if not found:
        raise RuntimeError(f"no switch row for provider {provider}: run `manage.py sync_schedule`")
    stopped, concurrency = found[0]
    if stopped:
        return 0
    deadline = spans.deadline(registry.get(provider).sheet)
    params = {"provider": provider, "open_after": now - timedelta(seconds=deadline)}
    on_their_way = sql.rows(sql.statement(__file__, "on_their_way"), params)[0][0]
    left = concurrency - on_their_way
    return int(max(0, min(free, left), min(free + ahead, left - 1)))


def mark_sent(
    provider: Provider,
    payables: Sequence[Payable],
    context: Context,
    *,
    free: int,
    ahead: int = 0,
    task_id: str = "",
) -> tuple[list[Marked], list[UUID]]:
    """Commit an attempt for each payable that may be sent; the sends, and the ids that found no slot.

    Payables that changed state meanwhile are dropped; held ones are written down with their reason.
    Commits. Signs, and does not call out. `free` is the caller's free threads, `ahead` how many more it keeps for the
    next that will be; `task_id` the Celery task that sends.
    """
    boot = clock.boot_seconds()
    with transaction.atomic():
        now = clock.machine_now()
        most = slots(provider.name, free=free, ahead=ahead, now=now)
        wanted, over = list(payables[:most]), list(payables[most:])
        locked = _lock(wanted, now)
        answers = provider.prepare([p for p in wanted if p.payment_id in locked], context)
        ready = [answer for answer in answers if isinstance(answer, Prepared)]
        hold.write([answer for answer in answers if isinstance(answer, Hold)], machine_at=now)
        ready = _not_forestalled(provider, ready, now)
        marked = _insert(provider, ready, {p.payment_id: p for p in wanted}, locked, now, boot, task_id)
        points.reach(points.MARK_BEFORE_COMMIT)
    points.reach(points.MARK_COMMITTED)
    return marked, [p.payment_id for p in over]


def _lock(payables: Sequence[Payable], now: datetime) -> dict[UUID, tuple[Any, ...]]:
    """The payments that are still scheduled, locked in id order; who has another in flight before it waits, and
    whose method was removed, whose charge was taken back, or of whose source another payment is in question, is told
    to stop. Of refunds what refundable.py says.
    """
    ids = [payable.payment_id for payable in payables]
    found = sql.rows(sql.statement(__file__, "lock_scheduled"), {"ids": ids})
    hold.behind_another([row[0] for row in found if row[4]], machine_at=now, taken=True)
    free = stop.without_removed(row[0] for row in found if not row[4])
    free = siblings.without_questionable(free, machine_at=now)
    if any(payable.operation == "refund" for payable in payables):
        free = set(refundable.may_leave(free, machine_at=now))
    return {row[0]: row[:4] for row in found if row[0] in free}


def _not_forestalled(provider: Provider, ready: Sequence[Prepared], now: datetime) -> list[Prepared]:
    """Who may go once the provider's own rows are written. Nothing of the others is stored, and nothing sent."""
    held = provider.committing(ready)
    hold.write(held, machine_at=now)
    waiting = {one.payment_id for one in held}
    return [one for one in ready if one.payment_id not in waiting]


def _insert(
    provider: Provider,
    ready: Sequence[Prepared],
    payables: dict[UUID, Payable],
    locked: dict[UUID, tuple[Any, ...]],
    now: datetime,
    boot: float,
    task_id: str,
) -> list[Marked]:
    if not ready:
        return []
    ids = uuid7s(len(ready))
    fences = [secrets.randbits(62) for _ in ready]
    send_by = now + timedelta(seconds=spans.window())
    sql.rows(
        sql.statement(__file__, "insert_attempts"),
        {
            "ids": packed(ids),
            "payments": packed(one.payment_id for one in ready),
            "provider": provider.name,
            "identities": [one.identity for one in ready],
            "envelopes": [seal(one.envelope) for one in ready],
            "data": json.dumps([one.data for one in ready]),
            "fences": packed(fences),
            "send_by": send_by,
            "task_id": task_id,
            "now": now,
            "look_at": send_by + timedelta(seconds=spans.deadline(provider.sheet)),
        },
    )
    times = clock.business_times((locked[one.payment_id][2] for one in ready), now)
    emit([_event(one, locked[one.payment_id], times) for one in ready], machine_at=now)
    return [
        Marked(_sendable(attempt_id, one, payables[one.payment_id]), fence, boot)
        for attempt_id, one, fence in zip(ids, ready, fences, strict=True)
    ]


def _sendable(attempt_id: UUID, one: Prepared, payable: Payable) -> Sendable:
    return Sendable(
        attempt_id, one.payment_id, 1, payable.operation, one.identity, one.envelope, one.data,
        payable.amount_minor, payable.currency, payable.instructions,
    )  # fmt: skip


def _event(one: Prepared, row: tuple[Any, ...], times: dict[int, datetime]) -> NewEvent:
    payment_id, version, clock_id, correlation_id = row
    payload = {"payment_id": payment_id, "state": "in_flight", "identity": one.identity}
    at = times[clock_id]
    return NewEvent("payment.sent", "payment", payment_id, version + 1, clock_id, at, correlation_id, payload)
