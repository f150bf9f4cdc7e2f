"""Rules of code that neither the linter nor the import contracts know."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house import tree

EVALUATES = {"get", "first", "last", "earliest", "latest", "in_bulk", "iterator"}
CONSUMES = {"list", "tuple", "set", "dict", "sorted", "len", "bool", "next", "iter", "enumerate"}


def test_every_row_lock_is_taken() -> None:
    found = []
    for path in tree.python(*tree.HOUSE):
        parents = {
            child: node for node in ast.walk(tree.parsed(path)) for child in ast.iter_child_nodes(node)
        }
        for node in ast.walk(tree.parsed(path)):
            if (
                isinstance(node, ast.Attribute)
                and node.attr == "select_for_update"
                and not _used(node, parents)
            ):
                found.append(tree.where(path, node.lineno))
    tree.none_of(
        found, "A queryset that nothing evaluates locks nothing; end it with .get(), .first() or list():"
    )


def _used(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Climb the chain of calls; True if its last method or whoever holds it runs the query."""
    method = ""
    while isinstance(parents[node], ast.Attribute | ast.Call) and _is_chain(node, parents[node]):
        node = parents[node]
        if isinstance(node, ast.Attribute):
            method = node.attr
    if method in EVALUATES:
        return True
    holder = parents[node]
    if isinstance(holder, ast.For | ast.comprehension):
        return holder.iter is node
    if isinstance(holder, ast.Assign) and isinstance(holder.targets[0], ast.Name):
        return _name_is_used(holder, holder.targets[0].id, parents)
    called = isinstance(holder, ast.Call) and isinstance(holder.func, ast.Name) and holder.func.id in CONSUMES
    return called or isinstance(holder, ast.YieldFrom | ast.Starred)


def _name_is_used(assigned: ast.Assign, name: str, parents: dict[ast.AST, ast.AST]) -> bool:
    """True if the queryset kept under `name` is evaluated further down in the same function."""
    scope: ast.AST = assigned
    while not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
        scope = parents[scope]
    uses = [node for node in ast.walk(scope) if isinstance(node, ast.Name) and node.id == name]
    return any(isinstance(node.ctx, ast.Load) and _used(node, parents) for node in uses)


def _is_chain(node: ast.AST, parent: ast.AST) -> bool:
    return (parent.func if isinstance(parent, ast.Call) else getattr(parent, "value", None)) is node


def test_the_product_does_not_print() -> None:
    found = []
    for path in tree.python():
        for node in ast.walk(tree.parsed(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                found.append(tree.where(path, node.lineno))
    tree.none_of(found, "Log with structlog, or write to a command's self.stdout:")


def test_no_exception_is_swallowed() -> None:
    found = []
    for path in tree.python(*tree.HOUSE):
        for node in ast.walk(tree.parsed(path)):
            if isinstance(node, ast.ExceptHandler) and (node.type is None or _swallows(node)):
                found.append(tree.where(path, node.lineno))
    tree.none_of(found, "Name the exception, and do or say something (an unknown outcome is evidence, I4):")


def _swallows(handler: ast.ExceptHandler) -> bool:
    wide = isinstance(handler.type, ast.Name) and handler.type.id in ("Exception", "BaseException")
    return wide and all(isinstance(step, ast.Pass | ast.Continue) for step in handler.body)


def test_only_the_edge_imports_requests() -> None:
    _imported_only_under("requests", "engine/providers", "Calls to the world go through a provider:")


def test_only_the_solana_package_imports_solana() -> None:
    for package in ("solana", "solders", "spl"):
        _imported_only_under(
            package, "engine/providers/solana", "What is Solana's stays behind its provider:"
        )


def _imported_only_under(package: str, folder: str, mend: str) -> None:
    found = []
    for path in tree.python():
        if not path.is_relative_to(tree.ROOT / folder):
            names = tree.imported(path)
            found += [tree.where(path, number) for number, name in names if name.split(".")[0] == package]
    tree.none_of(found, mend)


def test_only_posting_writes_transfers() -> None:
    allowed = {tree.ROOT / "engine/ledger/sql" / name for name in ("post_transfers.sql",)}
    found = [
        str(path)
        for path in tree.sql()
        if path not in allowed and "INSERT INTO engine_ledger_transfer" in path.read_text()
    ]
    for path in tree.python("billing", "ops", "payments", "payouts", "engine"):
        for node in ast.walk(tree.parsed(path)):
            if (
                isinstance(node, ast.Attribute)
                and ast.unparse(node).startswith("Transfer.objects.")
                and (node.attr in ("create", "bulk_create", "get_or_create", "update_or_create"))
            ):
                found.append(tree.where(path, node.lineno))
    tree.none_of(found, "engine/ledger/posting.py is the only writer of money (I5):")


def test_only_the_pipeline_moves_a_payment() -> None:
    """States of payments and attempts change by the pipeline's SQL, or a cancel that locks the row first."""
    writers = {"insert_attempts.sql", "move_payments.sql", "move_attempts.sql", "sent_is_unknown.sql",
               "cancel_scheduled.sql"}  # fmt: skip
    found = []
    for path in tree.sql():
        text = " ".join(tree.without_comments(path.read_text()).split())
        for table in ("payments_payment", "payments_attempt"):
            after = text.partition(f"UPDATE {table}")[2].partition(" WHERE ")[0]
            if _sets_state(after) and path.name not in writers:
                found.append(str(path.relative_to(tree.ROOT)))
    for path in tree.python("billing", "ops", "payments", "payouts"):
        found += [tree.where(path, line) for line in _orm_state_updates(path)]
    tree.none_of(
        found, "Money's states move in payments/pipeline alone, compare-and-set, with their evidence:"
    )


def _sets_state(clause: str) -> bool:
    return " state = " in clause.replace(",", " , ").replace("SET ", "SET  ")


def _orm_state_updates(path: Path) -> list[int]:
    found = []
    for node in ast.walk(tree.parsed(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update":
            source = ast.unparse(node.func)
            names = {keyword.arg for keyword in node.keywords}
            if "state" in names and source.startswith(("Payment.objects", "Attempt.objects")):
                found.append(node.lineno)
    return found
