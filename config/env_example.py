"""`.env.example`, written from the fields that validate the environment: `make env-example`.

`python -m config.env_example` prints it; with a path it is written there. tests/house holds the committed
file equal to what this makes.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from config.env import Env
from config.env_fields import Containers, Edge, Inbox, Sandbox, Scheduler, Servers, Solana, Spans
from config.gateways import Gateways

HEAD = """\
# Every variable of Clearbeat. Made from config/env_fields.py by `make env-example`; a test holds them equal.
#
# Copy it to .env, fill in what is required, and take the # away from what you change: a line that is commented
# out shows the default. A wrong value stops the boot, and all faults are told at once. Read by docker compose,
# by systemd's EnvironmentFile, and by a shell: set -a; . ./.env; set +a
"""
_GROUPS = (Servers, Scheduler, Spans, Edge, Gateways, Inbox, Solana, Sandbox)
_BOUNDS = (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below"))


def text() -> str:
    """The whole file. Neither reads the environment nor connects to anything."""
    env = Env.model_fields
    needed, asked = _required(env), _required(Containers.model_fields)
    parts = [HEAD, _heading("Required"), *_entries(needed)]
    parts += [_heading("Required by docker-compose.yml"), *_entries(asked)]
    listed = set(needed)
    for group in _GROUPS:
        fields = {name: field for name, field in group.model_fields.items() if name not in listed}
        listed |= fields.keys()
        parts += [_heading(_title(group)), *_entries(fields)]
    if further := {name: field for name, field in env.items() if name not in listed}:
        parts += [_heading("Further"), *_entries(further)]
    others = {name: field for name, field in Containers.model_fields.items() if name not in asked}
    parts += [_heading(_title(Containers)), *_entries(others)]
    return "\n".join(parts)


def written(value: Any) -> str:
    """A default as the environment has it: what Env would read back as the same value."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return ",".join(f"{key}={_pair(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ",".join(written(each) for each in value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _required(fields: Mapping[str, FieldInfo]) -> dict[str, FieldInfo]:
    return {name: field for name, field in fields.items() if field.is_required()}


def _pair(value: Any) -> str:
    return ":".join(str(each) for each in value) if isinstance(value, tuple) else str(value)


def _title(group: type[BaseModel]) -> str:
    return (group.__doc__ or group.__name__).strip().splitlines()[0]


def _heading(title: str) -> str:
    return f"\n# --- {title} {'-' * max(3, 100 - len(title))}\n"


def _entries(fields: Mapping[str, FieldInfo]) -> Iterator[str]:
    for name, field in fields.items():
        yield "\n".join([*_comment(field), _line(name, field), ""])


def _line(name: str, field: FieldInfo) -> str:
    if field.is_required():
        value, mark = (field.examples or [""])[0], ""
    else:
        value, mark = written(field.get_default(call_default_factory=True)), "#"
    return f"{mark}{name.upper()}={shlex.quote(str(value)) if value != '' else ''}"


def _comment(field: FieldInfo) -> list[str]:
    said = (field.description or "").rstrip(".") + "."
    if kind := _kind(field):
        said += f" ({kind})"
    lines = textwrap.wrap(said, 108)
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "make" in extra:
        lines.append(f"Make one: {extra['make']}")
    return [f"# {line}" for line in lines]


def _kind(field: FieldInfo) -> str:
    """What may stand there, from the type and its bounds."""
    if get_origin(field.annotation) is Literal:
        return "one of " + ", ".join(get_args(field.annotation))
    words = ((bool, "true or false"), (int, "whole number"), (float, "number"))
    name = next((said for kind, said in words if field.annotation is kind), "")
    bounds = [
        f"{said} {getattr(rule, key):,}"
        for key, said in _BOUNDS
        for rule in field.metadata
        if getattr(rule, key, None) is not None
    ]
    return ", ".join([each for each in (name, *bounds) if each])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="config.env_example", description="Every variable, as .env.example")
    parser.add_argument("path", nargs="?", type=Path, help="write it there instead of showing it")
    if path := parser.parse_args().path:
        path.write_text(text(), encoding="utf-8")
    else:
        sys.stdout.write(text())
