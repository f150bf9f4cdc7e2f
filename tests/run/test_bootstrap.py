"""Making .venv: one line for what is wrong, no packages of other locks, the Python that was named."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from sandbox.run.paths import CHECKOUT


@pytest.fixture
def boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """bin/bootstrap.py over a checkout of its own, whose .venv stands and whose installs are counted."""
    monkeypatch.delenv("PYTHON_FROM", raising=False)
    spec = importlib.util.spec_from_file_location("bootstrap_here", CHECKOUT / "bin/bootstrap.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    for name, value in {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "ran": []}.items():
        setattr(made, name, value)
    made.VENV.mkdir()
    (made.VENV / "pyvenv.cfg").write_text(f"home = {sys.base_prefix}/bin\n")
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-uv.txt"):
        (tmp_path / name).write_text("A\n")
    monkeypatch.setattr(made, "runs", lambda: True)
    monkeypatch.setattr(made, "home_of_scripts", lambda: str(made.VENV))
    monkeypatch.setattr(made, "uv_environment", dict)
    return made


def answer(boot: ModuleType, code: int, stderr: str = "") -> Any:
    def run(command: list[Any], **options: Any) -> SimpleNamespace:
        if not options.get("capture_output"):
            print(stderr)
        boot.ran.append([str(word) for word in command])
        return SimpleNamespace(returncode=code, stderr=stderr, stdout="")

    return SimpleNamespace(run=run)


def test_a_lock_that_comes_back_is_installed_again(boot: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its packages were replaced by those of the lock in between."""
    monkeypatch.setattr(boot, "subprocess", answer(boot, 0))
    for lock, installs in (("A", True), ("A", False), ("B", True), ("A", True)):
        (boot.ROOT / "requirements.txt").write_text(lock)
        boot.ran.clear()
        assert boot.main("run") == 0
        assert bool(boot.ran) is installs, lock
    assert len(list(boot.VENV.glob(".installed-*"))) == 1


def test_no_package_index_is_one_line(
    boot: ModuleType, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    noise = "WARNING: Retrying\nWARNING: Retrying\nERROR: No matching distribution found for uv==1\n"
    monkeypatch.setattr(boot, "subprocess", answer(boot, 1, noise))
    assert boot.main("run") == 1
    said = capfd.readouterr()
    wrong = [line for line in said.out.splitlines() if line.startswith("✗")]
    assert len(wrong) == 1 and "package index" in wrong[0] and "No matching distribution" in wrong[0]
    assert "Retrying" not in said.out + said.err
    assert not list(boot.VENV.glob(".installed-*"))


def test_a_named_python_makes_the_environment_anew_and_the_default_does_not(
    boot: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boot, "subprocess", answer(boot, 0))
    assert boot.main("run") == 0
    (boot.VENV / "pyvenv.cfg").write_text("home = /another/python/bin\n")
    boot.ran.clear()
    assert boot.main("run") == 0 and boot.ran == []
    monkeypatch.setenv("PYTHON_FROM", "command line")
    assert boot.main("run") == 0
    assert boot.ran[0][1:4] == ["-m", "venv", "--clear"]


def test_an_environment_that_is_a_link_to_another_checkouts_is_not_emptied(
    boot: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = boot.ROOT / "theirs"
    boot.VENV.rename(theirs)
    (theirs / ".installed-dev-theirs").touch()
    boot.VENV.symlink_to(theirs)

    def make(command: list[Any], **options: Any) -> SimpleNamespace:
        boot.VENV.mkdir(exist_ok=True)
        return SimpleNamespace(returncode=0, stderr="", stdout="")

    monkeypatch.setattr(boot, "subprocess", SimpleNamespace(run=make))
    monkeypatch.setattr(boot, "home_of_scripts", str)
    assert boot.main("run") == 0
    assert not boot.VENV.is_symlink()
    assert {each.name for each in theirs.iterdir()} == {"pyvenv.cfg", ".installed-dev-theirs"}


def test_a_python_without_venv_and_pip_is_one_line(
    boot: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Debian ships Python without them."""
    monkeypatch.setattr(boot, "find_spec", lambda name: None)
    monkeypatch.setattr(boot, "PYTHON", boot.ROOT / "none")
    assert boot.main("run") == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("✗ missing: venv and pip for ")
    assert "apt install python3-venv" in line


def test_a_checkout_that_cant_be_written_is_one_line(
    boot: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(boot.os, "access", lambda path, mode: False)
    assert boot.main("run") == 1
    assert "is not writable for this user" in capsys.readouterr().out


def test_a_wrong_python_that_was_named_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    shutil.copy(CHECKOUT / "bin/bootstrap", tmp_path / "bin")
    (tmp_path / "bin/bootstrap.py").write_text("print('another was taken')")
    command = ["sh", tmp_path / "bin/bootstrap", "run"]
    named = {**os.environ, "PYTHON": "/nonexistent/python", "PYTHON_FROM": "command line"}
    done = subprocess.run(command, env=named, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("✗ missing: Python 3.11 or newer as /nonexistent/python")
    good = {**named, "PYTHON": sys.executable}
    assert subprocess.run(command, env=good, capture_output=True, check=False).returncode == 0
