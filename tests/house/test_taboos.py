"""What the design forbids and no tool knows: signals, messages with a time, sleeping verbs, writers of money."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.db.migrations import operations

from config.celery import app
from tests.house import tree

VISIBILITY_SECONDS = 900
# Who may sleep, and why: neither is a verb that holds a row or a thread of somebody else.
MAY_SLEEP = {
    "ops/run.py": "a command that waits for what it started",
    "payments/pipeline/outbound.py": "evidence that can't be committed is kept and tried again",
}
MONEY = r"engine_ledger_(account|transfer|delta)"
WRITES = re.compile(
    rf'\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE|MERGE\s+INTO|COPY)\s+(ONLY\s+)?"?{MONEY}\b', re.I
)
LEDGER_SQL = {"post_transfers.sql", "note_deltas.sql", "roll_up.sql", "make_accounts.sql"}
ORM_WRITES = {"create", "bulk_create", "get_or_create", "update_or_create", "update", "bulk_update", "delete",
              "acreate", "aupdate", "adelete"}  # fmt: skip
# Schemas change by adding (STYLE.md): an old process runs beside a new schema, and the other way round.
TAKES_AWAY = {"RemoveField", "DeleteModel", "RenameField", "RenameModel", "RenameIndex"}


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in tree.nodes(path) if isinstance(node, ast.Call))


def test_no_django_signals() -> None:
    found = [
        f"{tree.where(path, number)} {name}"
        for path in tree.python()
        for number, name in tree.imported(path)
        if re.match(r"django\.(dispatch|\w+(\.\w+)*\.signals)\b", name)
    ]
    tree.none_of(
        found, "Who is told stands in SOURCES or in the verb (design 2): a signal acts at a distance:"
    )


def test_no_message_has_a_time() -> None:
    found = [
        tree.where(path, call.lineno)
        for path in tree.python()
        for call in calls(path)
        if {"eta", "countdown"} & {each.arg for each in call.keywords}
    ]
    tree.none_of(
        found, "A time is a row's next_action_at (design 5): a message with an ETA is lost with its queue:"
    )


def test_no_verb_sleeps() -> None:
    found = [
        tree.where(path, call.lineno)
        for path in tree.python()
        for call in calls(path)
        if ast.unparse(call.func) in ("time.sleep", "sleep")
        and str(path.relative_to(tree.ROOT)) not in MAY_SLEEP
    ]
    tree.none_of(found, "Give the row a next_action_at and end; a sleeping verb holds its worker:")
    asleep = {str(path.relative_to(tree.ROOT)) for path in tree.python() if "sleep(" in path.read_text()}
    tree.none_of(sorted(MAY_SLEEP.keys() - asleep), "Sleeps no more, take it off the list:")


def test_an_unacknowledged_message_comes_back_after_one_span_everywhere() -> None:
    """Three places that Celery reads; where they differ, the shortest doubles long tasks."""
    conf = app.conf
    assert conf.broker_transport_options["visibility_timeout"] == VISIBILITY_SECONDS
    assert conf.result_backend_transport_options["visibility_timeout"] == VISIBILITY_SECONDS
    assert conf.visibility_timeout == VISIBILITY_SECONDS


def test_a_task_whose_worker_was_lost_is_not_started_again_at_once() -> None:
    """The rows bring it back: a message that kills its worker must not kill the next one."""
    assert app.conf.task_reject_on_worker_lost is False


def test_only_posting_writes_money() -> None:
    """Accounts, transfers and deltas change in engine/ledger alone, by these files; SQL in Python counts too."""
    found = []
    ledger = tree.ROOT / "engine/ledger"
    for path in tree.sql():
        mine = path.parent == ledger / "sql" and path.name in LEDGER_SQL
        if not mine and WRITES.search(tree.without_comments(path.read_text())):
            found.append(str(path.relative_to(tree.ROOT)))
    for path in tree.python():
        found += [tree.where(path, number) for number, text in tree.sql_strings(path) if WRITES.search(text)]
        found += [tree.where(path, number) for number in _orm_writes(path)]
    tree.none_of(found, "engine/ledger/posting.py is the only writer of money (I5):")


def _orm_writes(path: Path) -> list[int]:
    """Calls on the three models' managers; `.save()` on an instance has no name to be found by."""
    if not any(name.startswith("engine.ledger.models") for _, name in tree.imported(path)):
        return []
    manager = re.compile(r"\b(Account|Transfer|Delta)\.(objects|_default_manager)\b|\.(debits|credits)\b")
    return [
        call.lineno
        for call in calls(path)
        if isinstance(call.func, ast.Attribute)
        and (
            (call.func.attr in ORM_WRITES and manager.search(ast.unparse(call.func)))
            or call.func.attr == "save"
        )
    ]


def test_schemas_change_by_adding() -> None:
    assert hasattr(operations, "RemoveField")
    found = [
        f"{tree.where(path, call.lineno)} {call.func.attr}"
        for path in tree.python(migrations=True)
        if "migrations" in path.parts
        for call in calls(path)
        if isinstance(call.func, ast.Attribute) and call.func.attr in TAKES_AWAY
    ]
    tree.none_of(
        found, "Add the new one, fill it, and leave the old one to a release that no process reads it in:"
    )


def test_public_verbs_say_what_they_do() -> None:
    """STYLE.md: whether it writes, commits or calls out, and what it raises; here only that it says anything."""
    doors = {"tasks.py", "admin.py", "apps.py", "urls.py", "models.py"}
    found = [
        f"{tree.where(path, node.lineno)} {node.name}"
        for path in tree.python()
        if path.name not in doors
        for node in tree.parsed(path).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    tree.none_of(found, "A docstring on each public verb (STYLE.md):")
