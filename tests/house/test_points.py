"""Each commit of the pipeline has a name at which the crash tests kill, or a reason why it has none."""

from __future__ import annotations

import ast

from tests.house import tree

WITHOUT = {
    "driver.py::_set_aside": "lost, the payment stands as take.committed left it: taken again, set aside again",
    "apply.py::_park_failed": "lost, the evidence stands as evidence.committed left it: applied again, parked again",
    "apply.py::_try_later": "lost, the evidence stands as evidence.committed left it: tried at once, written again",
    "verify.py::take_open": "its caller names it: verify.taken",
    "look_again.py::take_closed": "lost, the hint stands: looked up once its lease is over",
    "look_again.py::_be_done": "lost, the hint stands: looked up once more when its lease is over",
    "missed.py::look_now": "lost, the looks stand where they were: the next hour's brings them forward",
}


def test_each_commit_of_the_pipeline_has_a_name_or_a_reason() -> None:
    unnamed = {
        f"{path.name}::{function.name}"
        for path in tree.python("payments/pipeline")
        for function in tree.functions(path)
        if any(not _named(function, block) for block in [*_transactions(function), *_alone(function)])
    }
    tree.none_of(unnamed - WITHOUT.keys(), "points.reach after its COMMIT, and a drill in tests/crashes:")
    tree.none_of(WITHOUT.keys() - unnamed, "It has a name now, or is gone: out of WITHOUT:")


def _transactions(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.With]:
    withs = [node for node in ast.walk(function) if isinstance(node, ast.With)]
    return [node for node in withs if any("atomic()" in ast.unparse(item) for item in node.items)]


def _alone(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.Call]:
    """Writes that commit by themselves: outside of a transaction, where the docstring says that it commits."""
    if "ommits" not in (ast.get_docstring(function) or ""):
        return []
    inside = {id(node) for block in _transactions(function) for node in ast.walk(block)}
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and id(node) not in inside]
    return [node for node in calls if ast.unparse(node.func) == "sql.affected"]


def _named(function: ast.FunctionDef | ast.AsyncFunctionDef, block: ast.With | ast.Call) -> bool:
    return any(
        isinstance(node, ast.Call)
        and ast.unparse(node.func) == "points.reach"
        and node.lineno > (block.end_lineno or 0)
        for node in ast.walk(function)
    )
