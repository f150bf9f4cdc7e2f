"""The checkout tells its version where there is a git, and lists its files also where there is none."""

from __future__ import annotations

import pytest

from benchmarks import machine
from sandbox.run import version
from sandbox.run.paths import CHECKOUT
from tests.house import tree


@pytest.fixture
def gitless(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


def test_without_git_the_version_is_unknown(gitless):
    assert version.git("status") is None
    assert machine._commit() == "unknown"


def test_without_git_the_files_of_the_folder_are_listed(gitless):
    tree.tracked.cache_clear()
    try:
        listed = tree.tracked()
    finally:
        tree.tracked.cache_clear()
    assert {CHECKOUT / "Makefile", CHECKOUT / ".env.example", CHECKOUT / "engine/core/sql.py"} <= set(listed)
    assert not [path for path in listed if "__pycache__" in path.parts or ".venv" in path.parts]


def test_what_git_refuses_is_no_answer():
    assert version.git("no-such-command") is None
