"""The environment for people: each variable with where it came from, and no secret's text."""

from __future__ import annotations

import os
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from pydantic import SecretStr


class Variable(NamedTuple):
    """`source`: environment, run file (RUN_DIR/env) or default."""

    name: str
    value: str
    source: str


def listed() -> list[Variable]:
    """Every variable as this process has it, secrets as their number or length. Pure but for os.environ."""
    env = settings.ENV
    given = {name.upper() for name in os.environ}
    return [
        Variable(name.upper(), _shown(getattr(env, name), hidden=not field.repr),
                 "environment" if name.upper() in given else "run file" if name in env.model_fields_set else "default")
        for name, field in type(env).model_fields.items()
    ]  # fmt: skip


def _shown(value: Any, *, hidden: bool) -> str:
    if isinstance(value, SecretStr):
        length = len(value.get_secret_value())
        return f"set, {length} characters" if length else "empty"
    if isinstance(value, list):
        if value and isinstance(value[0], SecretStr):
            return f"set, {len(value)} of them"
        return ", ".join(map(str, value)) or "empty"
    if isinstance(value, dict):
        return ", ".join(f"{name}={each}" for name, each in value.items()) or "empty"
    if hidden and value:
        return ", ".join(_without_secrets(part) for part in str(value).split(","))
    return str(value) if value != "" else "empty"


def _without_secrets(url: str) -> str:
    """Scheme, host and port: passwords, and keys in paths and queries, stay out."""
    parts = urlsplit(url.strip())
    if parts.hostname:
        return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"
    return f"{parts.scheme}://(a socket)"
