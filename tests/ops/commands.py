"""Commands as a shell and a script call them."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def read(*words: str) -> dict[str, Any]:
    return json.loads(run(*words, "--json"))


def refused(*words: str, match: str) -> None:
    with pytest.raises(CommandError, match=match) as error:
        run(*words)
    assert error.value.returncode == 1
