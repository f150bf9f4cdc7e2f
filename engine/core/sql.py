"""Set-based SQL that carries a rule stands in a `.sql` file beside its verb; this is its one loader.

Comments are stripped (psycopg reads a single % in a comment as a placeholder), one statement a file,
named parameters, client-side binding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.db import InterfaceError, OperationalError, connection, connections, transaction
from django.db.backends.utils import CursorWrapper
from psycopg.types.datetime import TimestamptzLoader

_COMMENT = re.compile(r"--[^\n]*")
# A lock of one 64-bit number stands in pg_locks as two halves (objsubid 1).
_IS_LOCKED = """
SELECT EXISTS (
    SELECT FROM pg_locks
     WHERE locktype = 'advisory' AND objsubid = 1 AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND (classid::bigint << 32 | objid::bigint) = hashtextextended(%s, 0)
)
"""


@cache
def statement(beside: str, name: str) -> str:
    """The text of `sql/<name>.sql` in the folder of the file `beside` (pass `__file__`)."""
    text = (Path(beside).parent / "sql" / f"{name}.sql").read_text()
    body = _COMMENT.sub("", text).strip().rstrip(";")
    if ";" in body:
        raise ValueError(f"{name}.sql holds more than one statement")
    return body


def rows(text: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Run one statement on the default connection and return its rows (an empty list where it has none).

    Moments are in UTC, the zone of every connection.
    """
    with connection.cursor() as cursor:
        # Django's own loader of moments is Python and takes 5 us each, a fifth of a claim; this one is psycopg's in C.
        cursor.cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        cursor.execute(text, params)
        return list(cursor.fetchall()) if cursor.description else []


def whole(row: Iterable[Any]) -> tuple[Any, ...]:
    """A row whose numerics are sums of whole numbers, as int: such a sum has no largest value in SQL nor here."""
    return tuple(int(value) if isinstance(value, Decimal) else value for value in row)


def affected(text: str, params: Mapping[str, Any] | None = None) -> int:
    """Run one statement and return how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(text, params)
        return int(cursor.rowcount)


def columns(records: Iterable[Any], *names: str) -> dict[str, list[Any]]:
    """Attributes of `records` as one list a name: the parameters of an `unnest`."""
    found: dict[str, list[Any]] = {name: [] for name in names}
    for record in records:
        for name in names:
            found[name].append(getattr(record, name))
    return found


# What PostgreSQL says when it cuts a session off (idle in transaction, idle, read-only after a failover).
# psycopg raises the first two as InternalError: they are a lost connection, never a verdict on the data.
_CUT_OFF = frozenset({"25P03", "25P04", "25006", "57P05"})


def lost(fault: BaseException) -> bool:
    """True if `fault` means that the connection or the server is away: the whole batch is read again."""
    state = getattr(fault.__cause__, "sqlstate", None)
    return isinstance(fault, OperationalError | InterfaceError) or state in _CUT_OFF


# A statement that took too long, or lost against another's lock: the connection stands, the rest can go on.
_ITS_OWN = frozenset({"57014", "55P03", "40P01", "40001"})


def its_own(fault: BaseException) -> bool:
    """True if `fault` stopped one statement alone: what it worked on is tried again, and others go on meanwhile."""
    return getattr(fault.__cause__, "sqlstate", None) in _ITS_OWN


def outside_transaction() -> bool:
    """True where no database transaction is open: what must hold before a byte goes out (I3)."""
    return not connection.in_atomic_block


def give_back() -> None:
    """Hand this thread's connection back to its pool, if it has one; the next statement takes one again.

    Called before a wait for the outside, so that few connections serve many threads (decision 11). Does nothing in
    a transaction, and where connections are not pooled.
    """
    for mine in connections.all(initialized_only=True):
        pooled = mine.settings_dict["OPTIONS"].get("pool")
        if pooled and mine.connection is not None and not mine.in_atomic_block:
            mine.close()


def check_keys_at_once() -> None:
    """Check foreign keys at the end of each statement of this transaction, not at its COMMIT.

    The same rule, earlier and cheaper: a row that this transaction locked and will move is still its newest
    version (a tenth of a claim's work in the database, measured with 30,000 rows).
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def lock_advisory(cursor: CursorWrapper, key: str) -> bool:
    """Take the transaction-level advisory lock `key` if it is free. True if it was."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [key])
    row = cursor.fetchone()
    return bool(row and row[0])


def is_locked_advisory(cursor: CursorWrapper, key: str) -> bool:
    """Whether anybody holds the advisory lock `key` just now. Reads; takes nothing."""
    cursor.execute(_IS_LOCKED, [key])
    row = cursor.fetchone()
    return bool(row and row[0])


__all__ = [
    "affected",
    "check_keys_at_once",
    "columns",
    "give_back",
    "is_locked_advisory",
    "its_own",
    "lock_advisory",
    "lost",
    "outside_transaction",
    "rows",
    "statement",
    "transaction",
    "whole",
]
