"""The checkout as the house tests see it: files, parsed sources, and how a finding is reported."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from sandbox.run.version import git

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("billing", "config", "engine", "ops", "payments", "payouts")
HOUSE = (*PRODUCT, "sandbox", "benchmarks")
ALL = (*HOUSE, "bin", "deploy", "docs")
SQL_WORDS = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|WHERE|VALUES)\b")


def python(*rooms: str, migrations: bool = False) -> list[Path]:
    """Python files of these rooms (default: the product), without migrations unless asked for."""
    found = [path for room in rooms or PRODUCT for path in sorted((ROOT / room).rglob("*.py"))]
    return [path for path in found if migrations or "migrations" not in path.parts]


def sql() -> list[Path]:
    """Every .sql file of the product."""
    return [path for room in PRODUCT for path in sorted((ROOT / room).rglob("*.sql"))]


@cache
def tracked() -> list[Path]:
    """Files under version control, as they stand in the folder; all but ignored ones without git."""
    listing = git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = {name for name in (listing or "").split("\0") if name}
    return [path for path in (ROOT / name for name in sorted(names)) if path.is_file()] or standing()


def standing() -> list[Path]:
    """Every file of the folder but what running it leaves behind."""
    made = re.compile(r"\.git|\.venv.*|\.run.*|\..*cache|\.hypothesis|__pycache__|staticfiles")
    files = (path for path in sorted(ROOT.rglob("*")) if path.is_file())
    return [path for path in files if not any(map(made.fullmatch, path.relative_to(ROOT).parts))]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every node of the file: most rules ask all of them, and to walk a tree is slow."""
    return tuple(ast.walk(parsed(path)))


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def sql_strings(path: Path) -> Iterator[tuple[int, str]]:
    """String constants that hold SQL, with their line; docstrings are prose."""
    prose = set()
    for node in nodes(path):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            prose.add(id(node.value))
    for node in nodes(path):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in prose and SQL_WORDS.search(node.value):
            yield node.lineno, node.value


def without_comments(text: str) -> str:
    return re.sub(r"--[^\n]*", "", text)


@cache
def imported(path: Path) -> tuple[tuple[int, str], ...]:
    """(line, dotted name) of each import; `from a import b` gives a.b."""
    return tuple(
        (node.lineno, name)
        for node in nodes(path)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [f"{node.module}.{alias.name}" for alias in node.names]
            if isinstance(node, ast.ImportFrom) and node.module and not node.level
            else ()
        )
    )


def none_of(found: Iterable[str], mend: str) -> None:
    """Fail with every finding on its own line and what to do about it."""
    listed = list(found)
    if listed:
        pytest.fail("\n  ".join([mend, *listed]), pytrace=False)
