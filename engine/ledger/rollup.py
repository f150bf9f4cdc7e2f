"""Add the open deltas to the stored balances, in any number of processes."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import structlog
from django.db import transaction

from engine.core import points, sql
from engine.core.ids import first_at

log = structlog.get_logger(__name__)
BATCH = 20_000
MANY = 500_000


def roll_up(*, most: int = 50) -> int:
    """Roll up to `most` batches of deltas; how many rows it took. Commits per batch.

    Takes the rows themselves (DELETE ... RETURNING over SKIP LOCKED), never a range of ids: ids commit out
    of order (design section 4). Only one process rolls up at a time, under a transaction-level lock. An account
    whose balance would leave 64 bits stays unrolled and is logged as an error; all others go on.
    """
    taken = 0
    left_out: list[int] = []
    for _ in range(most):
        with transaction.atomic(), transaction.get_connection().cursor() as cursor:
            if not sql.lock_advisory(cursor, "ledger.roll_up"):
                return taken
            cursor.execute(sql.statement(__file__, "roll_up"), {"most": BATCH, "left_out": left_out})
            seen, count, _, beyond = cursor.fetchone()
            points.reach(points.ROLL_UP_BEFORE_COMMIT)
        points.reach(points.ROLL_UP_COMMITTED)
        taken += count
        left_out += beyond
        if beyond:
            log.error("balances beyond 64 bits stay unrolled", accounts=beyond)
        if seen < BATCH:
            return taken
    return taken


class Backlog(NamedTuple):
    """Deltas that are not rolled up (counted to MANY), the accounts left out, and whether some are old."""

    rows: int
    left_out: list[int]
    late: bool


def backlog(*, since: datetime) -> Backlog:
    """What waits to be rolled up; `late` if an account's deltas are all from before `since`. Reads."""
    given = {"batch": BATCH, "most": MANY, "floor": first_at(since)}
    (found,) = sql.rows(sql.statement(__file__, "backlog"), given)
    return Backlog(*found)


def waiting() -> bool:
    """True if there are deltas to roll up. Reads."""
    return bool(sql.rows("SELECT 1 FROM engine_ledger_delta LIMIT 1"))
