"""Transition tables and frozen tables, on tables made for the test; tests/house holds the real ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction

from engine.core.states import IllegalMove, append_only, machine

LAMP = machine("lamp", "lamp", {"off"}, {"off": {"on", "broken"}, "on": {"off", "broken"}})


@pytest.fixture
def lamp(db: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE lamp (id int, state varchar(10), note text)")
        cursor.execute(LAMP.trigger())
        cursor.execute("INSERT INTO lamp VALUES (1, 'off', '')")
        yield


def _run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_table_decides_in_code() -> None:
    LAMP.check("off", "on")
    for old, new in (("broken", "on"), ("off", "off"), ("nowhere", "on")):
        assert not LAMP.allows(old, new)
        with pytest.raises(IllegalMove, match=f"a lamp can't go from {old} to {new}"):
            LAMP.check(old, new)


def test_states_are_all_that_the_table_names() -> None:
    assert LAMP.states == ["off", "on", "broken"]


def test_the_diagram_draws_the_table() -> None:
    assert LAMP.diagram().splitlines() == [
        "stateDiagram-v2", "  [*] --> off", "  off --> broken", "  off --> on", "  on --> broken", "  on --> off",
    ]  # fmt: skip


def test_the_database_refuses_what_the_table_does_not_list(lamp: None) -> None:
    _run("UPDATE lamp SET state = 'on'")
    _run("UPDATE lamp SET state = 'on', note = 'the same state is no move'")
    _run("UPDATE lamp SET state = 'broken'")
    with pytest.raises(IntegrityError, match="a lamp can't go from broken to on"):
        _run("UPDATE lamp SET state = 'on'")


def test_the_database_refuses_a_row_born_elsewhere(lamp: None) -> None:
    with pytest.raises(IntegrityError, match="a lamp is not born on"):
        _run("INSERT INTO lamp VALUES (2, 'on', '')")


def test_making_the_trigger_again_replaces_it(lamp: None) -> None:
    wider = machine("lamp", "lamp", {"off"}, {"broken": {"on"}, "off": {"broken"}})
    _run(wider.trigger())
    _run("UPDATE lamp SET state = 'broken'")
    _run("UPDATE lamp SET state = 'on'")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lamp SET state = 'x'",
        "UPDATE lamp SET note = 'n', state = 'x'",
        "DELETE FROM lamp",
        "TRUNCATE lamp",
    ],
)
def test_a_frozen_table_changes_in_the_named_columns_alone(db: None, statement: str) -> None:
    _run("CREATE TABLE lamp (id int, state varchar(10), note text)")
    _run("INSERT INTO lamp VALUES (1, 'off', '')")
    _run(append_only("lamp", may_change=("note",)))
    _run("UPDATE lamp SET note = 'seen'")
    with pytest.raises(IntegrityError, match="lamp is append-only"):
        _run(statement)
