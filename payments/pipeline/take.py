"""Take a batch of due payments off the index for a while, so that one worker prepares each."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from engine.core import clock, sql
from engine.providers.base import Payable
from payments.pipeline import hold, park, points, spans

SUSPECT = 2  # taken so often without a result: taken singly
POISON = 4  # taken so often without a result: parked


class Taken(NamedTuple):
    """A payment that this worker holds until `until` (machine time)."""

    payment_id: UUID
    amount_minor: int
    fee_minor: int
    currency: str
    instructions: dict[str, Any]
    clock_id: int
    grace_until: datetime
    grace_start: datetime | None
    taken_count: int
    until: datetime


class Take(NamedTuple):
    """What was taken, and whether rows were set aside meanwhile: there may be more behind them."""

    rows: list[Taken]
    aside: bool


def take(operation: str, provider: str, *, most: int) -> list[Taken]:
    """What `look` takes, for callers that come back anyway."""
    return look(operation, provider, most=most).rows


def look(operation: str, provider: str, *, most: int) -> Take:
    """Up to `most` due payments of the lane, oldest first and one per queue. Commits.

    A payment behind another open one of its queue waits for it. One taken twice without a result comes
    alone; one taken four times is parked: it takes its worker down.
    """
    with transaction.atomic():
        now = clock.machine_now()
        lane = {"operation": operation, "provider": provider}
        due = sql.rows(sql.statement(__file__, "take_due"), {**lane, "now": now, "most": most})
        free = _one_per_queue(due)
        first = {row[0] for row in free}
        behind = [row[0] for row in due if row[0] not in first]
        poison = [row[0] for row in free if row[1] >= POISON]
        chosen = [row[0] for row in free if row[1] < SUSPECT]
        if not chosen:
            chosen = [row[0] for row in free if row[1] < POISON][:1]
        park.park(poison, "it took its worker down four times", machine_at=now)
        hold.behind_another(behind, machine_at=now)
        until = now + timedelta(seconds=spans.take())
        taken = sql.rows(sql.statement(__file__, "take_payments"), {"ids": chosen, "until": until})
        points.reach(points.TAKE_BEFORE_COMMIT)
    points.reach(points.TAKE_COMMITTED)
    held = [Taken._make((*row[:4], json.loads(row[4]), *row[5:], until)) for row in taken]
    return Take(held, bool(behind or poison))


def _one_per_queue(due: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Who has nobody before it. What waits for the payee holds nobody up, and lets its whole queue go first."""
    heads: dict[UUID, tuple[Any, ...]] = {}
    for row in sorted(due, key=lambda row: row[4]):
        if not row[2]:
            heads.setdefault(row[3], row)
    return list(heads.values())


def payables(taken: list[Taken], operation: str, *, machine_at: datetime) -> list[Payable]:
    """What the provider needs of each; `last_try` where the grace window was given and is over. Reads clocks."""
    times = clock.business_times((row.clock_id for row in taken), machine_at)
    nothing_to_give = not spans.grace()
    return [
        Payable(
            row.payment_id, operation, row.amount_minor, row.fee_minor, row.currency, row.instructions,
            last_try=(row.grace_start is not None or nothing_to_give) and times[row.clock_id] >= row.grace_until,
        )
        for row in taken
    ]  # fmt: skip


def give_back(taken: list[Taken]) -> None:
    """A regular end without a result: due again at once where the row is still ours. Commits."""
    if taken:
        now = clock.machine_now()
        params = {"ids": [row.payment_id for row in taken], "until": taken[0].until, "now": now}
        sql.affected(sql.statement(__file__, "give_back"), params)
        points.reach(points.GIVE_BACK_COMMITTED)
