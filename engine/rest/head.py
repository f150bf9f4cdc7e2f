"""How far a list may be followed upwards: ids are made before their commit, and commits come in any order."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from engine.core import clock, sql
from engine.core.ids import first_at

# An id may be made a moment before its transaction's first statement, and by a machine whose clock differs a little.
SLACK = timedelta(seconds=1)
_OLDEST = """
SELECT least(%(now)s, min(xact_start)) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def floor() -> UUID:
    """The id below which nothing is added any more: none of the transactions that run now began so early. Reads.

    To be asked before the rows are read: what commits between the two is then seen.
    """
    ((oldest,),) = sql.rows(_OLDEST, {"now": clock.machine_now()})
    return first_at(oldest - SLACK)
