"""Rules of code that neither the linter nor the import contracts know."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.house import tree

EVALUATES = {"get", "first", "last", "earliest", "latest", "in_bulk", "iterator"}
BY_PLACE = 4
CONSUMES = {"list", "tuple", "set", "dict", "sorted", "len", "bool", "next", "iter", "enumerate"}


def test_every_row_lock_is_taken() -> None:
    found = []
    for path in tree.python(*tree.ALL):
        if "select_for_update" not in path.read_text():
            continue
        parents = {child: node for node in tree.nodes(path) for child in ast.iter_child_nodes(node)}
        for node in tree.nodes(path):
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


def test_arguments_that_could_be_mixed_up_have_names() -> None:
    found = []
    for path in tree.python():
        for function in tree.parsed(path).body:
            if isinstance(function, ast.FunctionDef) and not function.name.startswith("_"):
                places = function.args.posonlyargs + function.args.args
                flags = [
                    each.arg for each in places if each.annotation and ast.unparse(each.annotation) == "bool"
                ]
                if len(places) > BY_PLACE or (flags and len(places) > 1):
                    found.append(f"{tree.where(path, function.lineno)} {function.name}")
    tree.none_of(
        found, f"At most {BY_PLACE} arguments by place, and no flag (STYLE.md): put them behind a *:"
    )


def test_the_product_does_not_print() -> None:
    found = []
    for path in tree.python():
        for node in tree.nodes(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                found.append(tree.where(path, node.lineno))
    tree.none_of(found, "Log with structlog, or write to a command's self.stdout:")


def test_no_exception_is_swallowed() -> None:
    found = []
    for path in tree.python(*tree.ALL):
        for node in tree.nodes(path):
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


def test_only_the_stripe_package_imports_stripe() -> None:
    _imported_only_under("stripe", "engine/providers/stripe", "What is Stripe's stays behind its provider:")


def _imported_only_under(package: str, folder: str, mend: str) -> None:
    found = []
    for path in tree.python():
        if not path.is_relative_to(tree.ROOT / folder):
            names = tree.imported(path)
            found += [tree.where(path, number) for number, name in names if name.split(".")[0] == package]
    tree.none_of(found, mend)


# Where states of payments and attempts change; each file compares and sets, or locks the row first.
STATE_WRITERS = {
    f"payments/{name}.sql"
    for name in (
        "pipeline/sql/insert_attempts", "pipeline/sql/move_payments", "pipeline/sql/move_attempts",
        "pipeline/sql/sent_is_unknown", "sql/cancel_scheduled",
    )
}  # fmt: skip
UPDATES = re.compile(
    r"\bUPDATE\s+(?:ONLY\s+)?payments_(?:payment|attempt)\b(.*?)(?=\bWHERE\b|\bFROM\b|\bRETURNING\b|$)",
    re.S | re.I,
)
SETS_STATE = re.compile(r"[\s,(]state\s*(?:=|,[^=]*=)", re.I)


def test_only_the_pipeline_moves_a_payment() -> None:
    """States of payments and attempts change by the pipeline's SQL, or a cancel that locks the row first."""
    found = []
    for path in tree.sql():
        name = str(path.relative_to(tree.ROOT))
        if name not in STATE_WRITERS and _moves(tree.without_comments(path.read_text())):
            found.append(name)
    for path in tree.python():
        found += [tree.where(path, line) for line, text in tree.sql_strings(path) if _moves(text)]
        found += [tree.where(path, line) for line in _orm_moves(path)]
    tree.none_of(
        found, "Money's states move in payments/pipeline alone, compare-and-set, with their evidence:"
    )
    gone = [name for name in STATE_WRITERS if not (tree.ROOT / name).is_file()]
    tree.none_of(gone, "Moves nothing any more, take it off the list:")


def _moves(text: str) -> bool:
    """True if any UPDATE of the text sets the state of a payment or an attempt."""
    return any(SETS_STATE.search(found[1]) for found in UPDATES.finditer(text))


def _orm_moves(path: Path) -> list[int]:
    """update(state=...) and bulk_update(..., ["state"]) of the two models; save() of all, or of the state."""
    names = {
        name.rsplit(".", 1)[-1] for _, name in tree.imported(path) if name.startswith("payments.models.")
    }
    if not {"Payment", "Attempt"} & names:
        return []
    found = []
    for node in tree.nodes(path):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        of_money = re.search(r"\b(Payment|Attempt)\.(objects|_default_manager)\b", ast.unparse(node.func))
        sets = "state" in {keyword.arg for keyword in node.keywords} or "'state'" in ast.unparse(node)
        update = (
            node.func.attr in ("update", "bulk_update", "update_or_create", "aupdate") and of_money and sets
        )
        whole = "update_fields" not in {keyword.arg for keyword in node.keywords}
        if update or (node.func.attr == "save" and (whole or sets)):
            found.append(node.lineno)
    return found
