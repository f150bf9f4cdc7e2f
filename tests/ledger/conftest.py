from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import connection, connections

from engine.core.ids import uuid7
from engine.ledger import accounts
from engine.ledger.posting import Leg

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MakeLeg = Callable[..., Leg]


@pytest.fixture
def committed(empty_database: str, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Real commits, seen by other sessions. Cleaned without the triggers, which refuse it otherwise."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            for table in ("delta", "transfer", "account"):
                cursor.execute(f"DELETE FROM engine_ledger_{table}")
        connections.close_all()


@pytest.fixture
def make_accounts() -> Callable[[int], list[int]]:
    """`count` accounts of a kind that only this test uses."""

    def make(count: int) -> list[int]:
        keys = [accounts.Key("test", "USDC", uuid7()) for _ in range(count)]
        found = accounts.ensure(keys)
        return [found[key] for key in keys]

    return make


def leg(debit: int, credit: int, amount_minor: int, *, source_id: UUID | None = None, seq: int = 0) -> Leg:
    return Leg("test.moved", source_id or uuid7(), seq, debit, credit, "USDC", amount_minor, NOW)


def sums() -> dict[int, int]:
    """Debits less credits of each account, from the transfers alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account, sum(amount)::bigint FROM ("
            " SELECT debit_id AS account, amount_minor AS amount FROM engine_ledger_transfer"
            " UNION ALL SELECT credit_id, -amount_minor FROM engine_ledger_transfer) sides GROUP BY account"
        )
        return dict(cursor.fetchall())
