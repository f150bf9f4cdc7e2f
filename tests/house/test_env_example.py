"""`.env.example` is made from the fields that validate, and is true: it boots, and its defaults are the defaults."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from config import env_example
from config.env import Env
from config.env_fields import Containers
from config.gateways import Gateways
from tests.house import tree

FILE = tree.ROOT / ".env.example"
LINE = re.compile(r"^(#?)([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)
MAKE = re.compile(r"^# Make one: (.+)$\n#?([A-Z_]+)=", re.MULTILINE)
NEEDED = {"SECRET_KEY": "s" * 40, "FIELD_KEYS": Fernet.generate_key().decode()}


def _sourced(lines: str, tmp_path: Path) -> dict[str, str]:
    """What a shell makes of these lines, so that their quoting is tested too."""
    file = tmp_path / "env"
    file.write_text(lines)
    done = subprocess.run(
        ["sh", "-c", 'set -a; . "$0"; exec env -0', str(file)], env={}, capture_output=True, check=True
    )
    pairs = (each.split("=", 1) for each in done.stdout.decode().split("\0") if each)
    return {name: value for name, value in pairs if name not in ("PWD", "SHLVL", "_", "OLDPWD")}


def _loaded(values: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Env:
    for name in os.environ.keys() & {field.upper() for field in Env.model_fields}:
        monkeypatch.delenv(name)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Env()  # type: ignore[call-arg]


def test_it_is_what_the_fields_say() -> None:
    assert FILE.read_text() == env_example.text(), "config/env_fields.py changed: run `make env-example`"


def test_it_is_made_without_any_environment(tmp_path: Path) -> None:
    clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tree.ROOT)}
    command = [sys.executable, "-m", "config.env_example", str(tmp_path / "out")]
    subprocess.run(command, env=clean, cwd=tmp_path, check=True)
    assert (tmp_path / "out").read_text() == FILE.read_text()


def test_every_variable_stands_there_once_and_says_what_it_means() -> None:
    named = [name.lower() for _, name, _ in LINE.findall(FILE.read_text())]
    assert sorted(named) == sorted([*Env.model_fields, *Containers.model_fields])
    fields = {**Env.model_fields, **Containers.model_fields}
    silent = [name.upper() for name, field in fields.items() if not field.description]
    tree.none_of(silent, "A variable has a description in config/env_fields.py:")


def test_what_is_required_stands_first_and_is_not_commented_out() -> None:
    lines = LINE.findall(FILE.read_text())
    required = [name for mark, name, _ in lines if not mark]
    assert [name for _, name, _ in lines][: len(required)] == required
    fields = {**Env.model_fields, **Containers.model_fields}
    assert set(required) == {name.upper() for name, field in fields.items() if field.is_required()}


def test_a_secret_left_empty_does_not_boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError) as refused:
        _loaded(_sourced(FILE.read_text(), tmp_path), monkeypatch)
    assert {str(error["loc"][0]) for error in refused.value.errors()} == {"secret_key", "field_keys"}  # type: ignore[attr-defined]


def test_filled_in_it_boots_with_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {**_sourced(FILE.read_text(), tmp_path), **NEEDED}
    env = _loaded(given, monkeypatch)
    for name, field in Env.model_fields.items():
        if not field.is_required():
            assert getattr(env, name) == field.get_default(), name


def test_each_default_reads_back_as_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines that are commented out are no invention: put in, they change nothing."""
    lines = LINE.sub(r"\2=\3", FILE.read_text())
    env = _loaded({**_sourced(lines, tmp_path), **NEEDED}, monkeypatch)
    for name, field in Env.model_fields.items():
        if not field.is_required():
            assert getattr(env, name) == field.get_default(), name


def test_every_secret_says_how_to_make_one_and_it_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = {name: command for command, name in MAKE.findall(FILE.read_text())}
    fields = {**Env.model_fields, **Containers.model_fields}
    secret = {name.upper() for name, field in fields.items() if "SecretStr" in str(field.annotation)}
    secret -= {name.upper() for name in Gateways.model_fields}  # a gateway gives its own
    assert commands.keys() == secret
    made = {name: _made(command) for name, command in commands.items()}
    assert all(made.values()), made.keys()
    urls = {"DATABASE_URL": "postgresql://a@b/c", "REDIS_URL": "redis://b"}
    env = _loaded({**made, **urls}, monkeypatch)
    assert env.solana_collector_keys[0].get_secret_value().startswith("1:")
    user, _, password = made["FLOWER_BASIC_AUTH"].partition(":")
    assert user and password and made["POSTGRES_PASSWORD"].isalnum()


def test_a_default_is_written_as_it_is_read() -> None:
    cases: dict[str, Any] = {
        "true": True, "0.5": 0.5, "a,b": ["a", "b"], "A=m:6,B=n:9": {"A": ("m", 6), "B": ("n", 9)},
        "": SecretStr(""), "x=y.z": {"x": "y.z"}, "86400": 86_400.0, "1234567": 1_234_567.0,
    }  # fmt: skip
    assert {env_example.written(value): value for value in cases.values()} == cases


def _made(command: str) -> str:
    words = shlex.split(command)
    assert words[0] in ("python3", ".venv/bin/python"), command
    done = subprocess.run([sys.executable, *words[1:]], capture_output=True, text=True, check=True)
    return done.stdout.strip()
