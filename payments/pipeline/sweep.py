"""The audit behind the tick: an open payment that nothing would ever look at gets a next action (I2).

Every verb leaves one, so a row that is mended here tells of a bug and is logged as an error. Parked
payments stay parked; subscriptions and drafts are billing/sweep.py's.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from engine.core import clock, sql
from payments import states
from payments.pipeline import points

log = structlog.get_logger(__name__)
CHUNK = 2000


def sweep(*, chunk: int = CHUNK) -> dict[str, int]:
    """Give a next action to every open payment that lacks one; how many, by their state. Commits per chunk.

    A scheduled payment is due now, one in flight is looked up now; what has unapplied evidence is left to
    apply. Any number may run at once.
    """
    mended: list[str] = []
    after: tuple[Any, ...] = (UUID(int=0), datetime.min.replace(tzinfo=UTC), UUID(int=0))
    while True:
        place = {"queue": after[0], "due": after[1], "id": after[2], "most": chunk}
        rows = sql.rows(sql.statement(__file__, "sweep_chunk"), place)
        mended += _mend([row[2] for row in rows if row[3]])
        if len(rows) < chunk:
            return {state: mended.count(state) for state in states.OPEN_PAYMENT}
        after = rows[-1]


def _mend(lost: list[UUID]) -> list[str]:
    """The states of those that were mended."""
    if not lost:
        return []
    params = {"ids": lost, "now": clock.machine_now()}
    mended = sql.rows(sql.statement(__file__, "sweep_mend"), params)
    if mended:
        points.reach(points.SWEEP_MENDED)
    for payment_id, state in mended:
        log.error("payment had no next action", payment_id=str(payment_id), state=state)
    return [state for _, state in mended]
