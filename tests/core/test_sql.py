"""The one loader of .sql files."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any, NamedTuple

import pytest
from django.db import connection, connections, transaction

from engine.core import sql


def _file(folder: Path, text: str) -> str:
    (folder / "sql").mkdir()
    (folder / "sql" / "one.sql").write_text(text)
    return str(folder / "verb.py")


def test_comments_go_so_that_a_percent_in_one_is_no_placeholder(db: None, tmp_path: Path) -> None:
    beside = _file(tmp_path, "-- 100% of the rows; all of them\nSELECT %(n)s, 5 %% 3 -- half\n;\n")
    assert sql.rows(sql.statement(beside, "one"), {"n": 7}) == [(7, 2)]


def test_a_file_is_one_statement(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"one\.sql holds more than one"):
        sql.statement(_file(tmp_path, "-- two\nSELECT 1; SELECT 2"), "one")


def test_a_statement_without_rows_gives_none(db: None) -> None:
    assert sql.rows("CREATE TEMP TABLE empty (n int)") == []
    assert sql.affected("INSERT INTO empty SELECT generate_series(1, 3)") == 3
    assert sql.rows("SELECT n FROM empty WHERE n = ANY(%(ns)s)", {"ns": []}) == []


def test_columns_turn_records_into_unnest_parameters() -> None:
    class Pair(NamedTuple):
        one: int
        two: str

    assert sql.columns([Pair(1, "a"), Pair(2, "b")], "one", "two") == {"one": [1, 2], "two": ["a", "b"]}
    assert sql.columns([], "one") == {"one": []}


def test_it_knows_whether_a_transaction_is_open(db: None) -> None:
    assert not sql.outside_transaction()


def test_parameters_are_bound_by_the_client() -> None:
    """Named parameters with empty lists and untyped NULL rely on it (several statements must not)."""
    assert not connection.settings_dict["OPTIONS"].get("server_side_binding")


def test_an_advisory_lock_is_held_by_one_transaction(db: None) -> None:
    def ask(key: str) -> bool:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                return sql.lock_advisory(cursor, key)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other, connection.cursor() as cursor:
        assert sql.lock_advisory(cursor, "tests.core")
        assert sql.lock_advisory(cursor, "tests.core")
        assert other.submit(ask, "tests.core").result() is False
        assert other.submit(ask, "tests.core.other").result() is True


@pytest.fixture
def two_connections(
    empty_database: str, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """A pool of two, as an io worker has one of a few."""
    pool = {"min_size": 0, "max_size": 2, "timeout": 5}
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "pool", pool)
    with django_db_blocker.unblock():
        yield
        connection.close_pool()


def test_threads_that_wait_for_the_outside_leave_their_connections_to_others(two_connections: None) -> None:
    all_wait = Barrier(6, timeout=10)

    def drive(_: int) -> int:
        sql.rows("SELECT 1")
        sql.give_back()
        all_wait.wait()
        found: int = sql.rows("SELECT pg_backend_pid()")[0][0]
        sql.give_back()
        return found

    with ThreadPoolExecutor(6) as threads:
        assert len(set(threads.map(drive, range(6)))) <= 2


def test_no_connection_is_given_back_within_a_transaction(two_connections: None) -> None:
    def nested(_: int) -> bool:
        with transaction.atomic():
            before = sql.rows("SELECT pg_backend_pid(), txid_current()")
            sql.give_back()
            same = sql.rows("SELECT pg_backend_pid(), txid_current()") == before
        sql.give_back()
        return same and connection.connection is None

    with ThreadPoolExecutor(1) as thread:  # a thread of its own has no connection from before the pool
        assert list(thread.map(nested, [0])) == [True]
