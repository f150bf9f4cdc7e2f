"""SQL files: one statement, a head comment, its own floor's tables, and never the server's clock (I7)."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from django.apps import apps

from tests.house import tree

WIDTH = 120
MACHINE_NOW = tree.ROOT / "engine/core/migrations/0001_initial.py"
CLOCKS = re.compile(
    r"(?<![\w.])(now\s*\(|(current|clock|statement|transaction)_timestamp|current_(date|time)\b"
    r"|localtime(stamp)?\b|timeofday\s*\()",
    re.IGNORECASE,
)
# A single %, or a placeholder without a name: psycopg reads both as its own (also in what looks like text).
BARE_PERCENT = re.compile(r"%(?!\([a-z_]+\)s|%)")
FLOORS = {
    "engine_core": 0, "engine_ledger": 1, "engine_outbox": 1, "engine_providers": 1, "engine_audit": 1,
    "engine_rest": 1, "payments": 2, "payments_callbacks": 3,
    "billing": 4, "payouts": 4, "ops": 5,
}  # fmt: skip


def test_sql_never_asks_the_servers_clock() -> None:
    found = []
    for path in tree.sql():
        for number, line in enumerate(tree.without_comments(path.read_text()).splitlines(), 1):
            if CLOCKS.search(line):
                found.append(f"{tree.where(path, number)} {line.strip()}")
    for path in tree.python(*tree.HOUSE, migrations=True):
        if path != MACHINE_NOW and not _steps_machine_time(path):
            strings = tree.sql_strings(path)
            found += [
                tree.where(path, n) for n, text in strings if CLOCKS.search(tree.without_comments(text))
            ]
    tree.none_of(
        found, "Pass the moment in: clock.machine_now() for machine time, a clock's for business time:"
    )


def _steps_machine_time(path: Path) -> bool:
    """Scaffolding may replace the one function; that is how machine time is stepped."""
    scaffolding = path.relative_to(tree.ROOT).parts[0] not in tree.PRODUCT
    return scaffolding and "FUNCTION machine_now()" in path.read_text()


def test_models_never_ask_a_clock() -> None:
    found = []
    for path in tree.python(migrations=True):
        for number, name in tree.imported(path):
            if name == "django.db.models.functions.Now":
                found.append(tree.where(path, number))
        for node in tree.nodes(path):
            if isinstance(node, ast.keyword) and node.arg in ("auto_now", "auto_now_add"):
                found.append(tree.where(path, node.value.lineno))
    tree.none_of(found, "A row's time is handed in by its verb, never taken by the column:")


def test_every_sql_file_says_what_it_relies_on() -> None:
    found = [str(path) for path in tree.sql() if not path.read_text().startswith("-- ")]
    tree.none_of(found, "Begin with a `-- ` comment: the invariant it holds and the index it relies on:")


def test_no_comment_in_sql_is_wider_than_the_house() -> None:
    found = [
        tree.where(path, number)
        for path in tree.sql()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if line.lstrip().startswith("--") and len(line) > WIDTH
    ]
    tree.none_of(found, f"A head is read beside the code: wrap it at {WIDTH}:")


def test_every_sql_file_is_one_statement() -> None:
    found = [str(path) for path in tree.sql() if ";" in _body(path).rstrip(";")]
    tree.none_of(found, "One statement a file (the loader refuses more): split it:")


def test_sql_has_named_placeholders_only() -> None:
    found = [str(path) for path in tree.sql() if BARE_PERCENT.search(_body(path))]
    tree.none_of(found, "Write %(name)s for a parameter and mod() or %% for the operator:")


def test_sql_files_and_their_callers_know_each_other() -> None:
    called: set[Path] = set()
    missing = []
    for path in tree.python():
        for number, name in _statements(path):
            called.add(path.parent / "sql" / f"{name}.sql")
            if not (path.parent / "sql" / f"{name}.sql").is_file():
                missing.append(f"{tree.where(path, number)} {name}.sql is not there")
    unused = [str(path) for path in tree.sql() if path not in called]
    tree.none_of(missing + unused, "A statement is called by the file beside its sql/ folder, or it goes:")


def test_sql_names_only_tables_of_its_own_floor_or_below() -> None:
    tables = {
        model._meta.db_table: _floor(model._meta.app_label)
        for model in apps.get_models(include_auto_created=True)
    }
    known = re.compile(r"\b(" + "|".join(sorted(tables, key=len, reverse=True)) + r")\b")
    found = []
    for path in tree.sql():
        found += _too_high(path, 1, _body(path), known, tables)
    for path in tree.python():
        for number, text in tree.sql_strings(path):
            found += _too_high(path, number, text, known, tables)
    tree.none_of(
        found, "Imports go down only, and so does SQL; ask the floor above to pass it in, or move the file:"
    )


def _too_high(
    path: Path, number: int, text: str, known: re.Pattern[str], tables: dict[str, tuple[int, str]]
) -> list[str]:
    label = _label(path)
    if label not in FLOORS:
        return []
    found = []
    for table in sorted(set(known.findall(text))):
        floor, owner = tables[table]
        if owner != label and floor >= FLOORS[label]:
            found.append(f"{tree.where(path, number)} is on the floor of {label} and names {table}")
    return found


def _floor(label: str) -> tuple[int, str]:
    # Django's own and Celery's tables are looked at by operators' code alone.
    return FLOORS.get(label, FLOORS["billing"]), label


def _label(path: Path) -> str:
    first, second, *_ = path.relative_to(tree.ROOT).parts
    deep = first == "engine" or f"{first}_{second}" in FLOORS
    return f"{first}_{second}" if deep else first


def _body(path: Path) -> str:
    return tree.without_comments(path.read_text()).strip()


def _statements(path: Path) -> list[tuple[int, str]]:
    """(line, name) of each `statement(__file__, "name")` in the file."""
    found = []
    for node in tree.nodes(path):
        if isinstance(node, ast.Call) and len(node.args) == 2:
            beside, name = node.args
            if isinstance(beside, ast.Name) and beside.id == "__file__" and isinstance(name, ast.Constant):
                found.append((node.lineno, str(name.value)))
    return found
