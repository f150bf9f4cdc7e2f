"""The order of the feed, by the database's own account of who is still writing.

Ids and times are taken before a commit, and commits come in any order: who reads on from the last one seen skips
what commits late under an older one (design section 4). So an event's position is at least its transaction's id,
and is read only below the horizon, the least id that still runs: nothing can be added there any more.

A transaction may begin before another and write of the same object after it. Its position is therefore also at
least the last id that had ended when the event was written, and equal ones take turns by a sequence: events of one
object stand in the order of their versions, as those of one transaction do.
"""

from __future__ import annotations

from django.db import connection, transaction

from engine.core import sql


def functions(base: int) -> str:
    """SQL of the two functions. `base` is added to both: transaction ids begin anew in a restored cluster.

    Both speak of the snapshot of the statement that calls them.
    """
    return f"""
CREATE OR REPLACE FUNCTION engine_outbox_position() RETURNS bigint LANGUAGE sql STABLE AS $$
SELECT greatest(pg_current_xact_id()::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1)
       + {base:d} $$;
CREATE OR REPLACE FUNCTION engine_outbox_horizon() RETURNS bigint LANGUAGE sql STABLE AS $$
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + {base:d} $$;
"""


def rebase() -> int:
    """Move the positions of what is written from now on behind all that stands; the new base. Writes and commits.

    For after a restore from a dump into another cluster, before its first event: transaction ids are lower there,
    and readers who remember where they were would skip. Nobody writes events meanwhile.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE engine_outbox_event IN SHARE ROW EXCLUSIVE MODE")
        base = 1 + (sql.rows("SELECT max(position) FROM engine_outbox_event")[0][0] or 0)
        cursor.execute(functions(base))
    return base


def is_broken() -> bool:
    """True if an event stands where nobody can have put it yet: a restored cluster that was not rebased. Reads."""
    ((broken,),) = sql.rows(sql.statement(__file__, "order_is_broken"))
    return bool(broken)
