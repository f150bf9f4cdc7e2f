"""Budgets (STYLE.md): small enough to be read in one go."""

from __future__ import annotations

import ast

from tests.house import tree

FILE, TEST_FILE, ADMIN, FUNCTION, HARD, TASK = 300, 400, 150, 40, 60, 10
MEDIAN_FILE, MOST_FUNCTIONS = 80, 25
# function -> why it may be longer than 40 lines (never longer than 60)
LONG_FOR_A_REASON: dict[str, str] = {
    "benchmarks/seed.py::history": "one list, a statement per table: taken apart it would be read in six places",
}
DECORATORS = {"batch_task", "silent_task", "shared_task"}


def test_files_fit_on_a_few_screens() -> None:
    budgets = [(path, FILE) for path in tree.python(*tree.ALL)]
    budgets += [(path, TEST_FILE) for path in tree.python("tests")]
    found = []
    for path, budget in budgets:
        lines = len(path.read_text().splitlines())
        if lines > budget:
            found.append(f"{path.relative_to(tree.ROOT)}: {lines} lines, at most {budget}")
    tree.none_of(found, "Split by what changes together; a file this long has two subjects:")


def test_pages_of_the_admin_are_doors() -> None:
    found = []
    for path in tree.python():
        lines = len(path.read_text().splitlines())
        if "admin" in (path.stem, path.parent.name) and lines > ADMIN:
            found.append(f"{path.relative_to(tree.ROOT)}: {lines} lines")
    tree.none_of(found, f"A file of the admin shows one thing (at most {ADMIN} lines), what acts is a verb:")


def test_functions_fit_on_one_screen() -> None:
    found = []
    for path in tree.python(*tree.ALL):
        for function in tree.functions(path):
            lines = (function.end_lineno or 0) - function.lineno + 1
            name = f"{path.relative_to(tree.ROOT)}::{function.name}"
            if lines > (HARD if name in LONG_FOR_A_REASON else FUNCTION):
                found.append(f"{tree.where(path, function.lineno)} {function.name}: {lines} lines")
    tree.none_of(
        found, f"Take a step out and name it (at most {FUNCTION} lines, {HARD} with a listed reason):"
    )


def test_most_files_and_functions_are_short() -> None:
    """What is allowed at most is no measure of what is usual."""
    files = sorted(len(path.read_text().splitlines()) for path in tree.python())
    lengths = sorted(
        (function.end_lineno or 0) - function.lineno + 1
        for path in tree.python()
        for function in tree.functions(path)
    )
    assert files[len(files) // 2] <= MEDIAN_FILE, "half of all files fit on one screen and a bit (STYLE.md)"
    assert lengths[len(lengths) * 9 // 10] <= MOST_FUNCTIONS, "nine of ten functions fit on half a screen"


def test_tasks_are_doors() -> None:
    found = []
    for path in tree.python():
        for function in tree.functions(path):
            lines = (function.end_lineno or 0) - function.lineno + 1
            if _is_task(function) and lines > TASK:
                found.append(f"{tree.where(path, function.lineno)} {function.name}: {lines} lines")
    tree.none_of(
        found, f"A task makes one call and returns counts ({TASK} lines); move the rest into a verb:"
    )


def _is_task(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(called, ast.Name) and called.id in DECORATORS:
            return True
    return False
