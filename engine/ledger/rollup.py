"""Add the open deltas to the stored balances, in any number of processes."""

from __future__ import annotations

from django.db import transaction

from engine.core import points, sql

BATCH = 20_000


def roll_up(*, most: int = 50) -> int:
    """Roll up to `most` batches of deltas; how many rows it took. Commits per batch.

    Takes the rows themselves (DELETE ... RETURNING over SKIP LOCKED), never a range of ids: ids commit out
    of order (design section 4). Only one process rolls up at a time, under a transaction-level lock.
    """
    taken = 0
    for _ in range(most):
        with transaction.atomic(), transaction.get_connection().cursor() as cursor:
            if not sql.lock_advisory(cursor, "ledger.roll_up"):
                return taken
            cursor.execute(sql.statement(__file__, "roll_up"), {"most": BATCH})
            (count,) = cursor.fetchone()
            points.reach(points.ROLL_UP_BEFORE_COMMIT)
        points.reach(points.ROLL_UP_COMMITTED)
        taken += count
        if count < BATCH:
            return taken
    return taken


def waiting() -> bool:
    """True if there are deltas to roll up. Reads."""
    return bool(sql.rows("SELECT 1 FROM engine_ledger_delta LIMIT 1"))
