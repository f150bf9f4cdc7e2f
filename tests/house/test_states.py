"""Transition tables: the one in code is the one in the database and the one on the model."""

from __future__ import annotations

import hashlib
import itertools
import runpy
from dataclasses import replace

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from engine.core.states import Machine
from tests.house import tree

# Tables with a column `state` and no machine, and why.
WITHOUT_MACHINE = {"payments.PaymentMethod": "what the last check found, in any order; moves no money"}


# Migrations run trigger() as it is in the code of their day: a database made yesterday keeps yesterday's. So a
# changed table needs a migration that runs it again; then its name and the new digest go here.
LAST_RUN_BY = {
    "subscription": ("d284689c93f4", "billing.0002_guards"),
    "invoice": ("e20596b1aac5", "billing.0006_owed_again"),
    "payment": ("ecc1932917c9", "payments.0002_guards"),
    "attempt": ("61f6935480b3", "payments.0002_guards"),
    "dispute": ("d0e633357f06", "payments.0016_disputes"),
    "refund": ("53918f276c8d", "payments.0014_refund"),
    "job": ("7059c55a2920", "ops.0002_guards"),
    "callback": ("4ff28d8680b8", "payments/callbacks.0002_guards"),
}

# What is drawn in docs/states.md is what is held here.
DRAWN: list[Machine] = [
    machine for _, machine in runpy.run_path(str(tree.ROOT / "docs" / "make.py"))["machines"]()
]
MACHINES = pytest.mark.parametrize("machine", DRAWN, ids=lambda machine: machine.name)


def test_every_state_column_has_its_machine() -> None:
    guarded = {machine.table for machine in DRAWN}
    found = [
        model._meta.label
        for model in apps.get_models()
        if "state" in {field.name for field in model._meta.fields}
        and model.__module__.split(".")[0] in tree.PRODUCT
        and model._meta.db_table not in guarded
        and model._meta.label not in WITHOUT_MACHINE
    ]
    tree.none_of(found, "Give it a transition table in states.py and its trigger in a migration:")


@MACHINES
def test_a_changed_table_has_its_migration(machine: Machine) -> None:
    digest = hashlib.sha256(machine.trigger().encode()).hexdigest()[:12]
    mend = f"{machine.name}: add a migration that runs its trigger() again, and write {digest!r} with its name here"
    known, migration = LAST_RUN_BY.get(machine.name, ("", ""))
    assert known == digest, mend
    app, name = migration.split(".")
    assert (tree.ROOT / app / "migrations" / f"{name}.py").is_file()


@MACHINES
def test_choices_are_the_states(machine: Machine) -> None:
    (model,) = [model for model in apps.get_models() if model._meta.db_table == machine.table]
    field = model._meta.get_field("state")
    assert {value for value, _ in field.choices} == set(machine.states), (
        "states.py and the model's choices differ"
    )
    assert field.default in machine.start, "a row is born in a start state of the machine"
    assert all(len(state) <= field.max_length for state in machine.states)


@MACHINES
def test_the_database_holds_the_table(db: None, machine: Machine) -> None:
    """Function and triggers as the database has them, beside the same made anew from states.py."""
    probe = _probe(machine)
    mend = f"states.py changed: a migration must run {machine.name}'s trigger() again"
    assert _definitions(machine.table) == _definitions(probe.table, called=machine.table), mend


@MACHINES
def test_the_database_allows_exactly_the_table(db: None, machine: Machine) -> None:
    """The database's own function, tried with every pair on a table of one column."""
    probe = _probe(machine)
    with connection.cursor() as cursor:
        # From here on the product's function stands behind the probe's triggers.
        for when, name in (("INSERT", "state_guard_insert"), ("UPDATE", "state_guard_update")):
            cursor.execute(f"DROP TRIGGER {name} ON {probe.table}")
            cursor.execute(
                f"CREATE TRIGGER {name} BEFORE {when} ON {probe.table} FOR EACH ROW"
                f" EXECUTE FUNCTION {machine.table}_state_guard()"
            )
    born = {state for state in machine.states if _goes(f"INSERT INTO {probe.table} VALUES (%s)", [state])}
    assert born == machine.start
    moved = {pair for pair in itertools.permutations(machine.states, 2) if _moves(probe.table, *pair)}
    assert moved == {(old, new) for old, news in machine.moves.items() for new in news}


def _probe(machine: Machine) -> Machine:
    probe = replace(machine, table="probe")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE probe AS SELECT state FROM {machine.table} WITH NO DATA")
        cursor.execute(probe.trigger())
    return probe


def _definitions(table: str, *, called: str = "") -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE 'state_%%'"
            " AND tgenabled = 'O' ORDER BY tgname",
            [table],
        )
        found = [text for (text,) in cursor.fetchall()]
        cursor.execute("SELECT pg_get_functiondef(%s::regproc)", [f"{table}_state_guard"])
        found += [text for (text,) in cursor.fetchall()]
    return [text.replace(table, called or table) for text in found]


def _moves(table: str, old: str, new: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"TRUNCATE {table}")
        cursor.execute(f"INSERT INTO {table} VALUES (%s)", [old])
        cursor.execute("SET LOCAL session_replication_role = origin")
    return _goes(f"UPDATE {table} SET state = %s", [new])


def _goes(statement: str, params: list[str]) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, params)
    except IntegrityError:
        return False
    return True
