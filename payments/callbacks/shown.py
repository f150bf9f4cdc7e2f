"""What a person may see of a body: its words in order, without what could be used to pay or to sign."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl

from cryptography.fernet import InvalidToken

from engine.core import crypt
from engine.providers.edge.redact import redact

_GONE = "[redacted]"
_SECRET = re.compile(
    r"secret|token|password|authori[sz]ation_code|cvv|cvc|\bpin\b|otp|card_number|signature|^va$",
    re.IGNORECASE,
)
_LINES, _LONGEST = 400, 500


def shown(sealed: bytes) -> str:
    """The body on at most 400 lines. Reads nothing but its argument."""
    try:
        body = crypt.unseal(sealed)
    except InvalidToken:
        return "no key of FIELD_KEYS opens it"
    text = body.decode("utf-8", "replace")
    lines = _laid_out(text).splitlines()
    kept = [_line(line) for line in lines[:_LINES]]
    return "\n".join(kept + (["…"] if len(lines) > _LINES else []))


def _laid_out(text: str) -> str:
    """JSON and forms a field a line; anything else as it is."""
    try:
        read: Any = json.loads(text)
    except (ValueError, RecursionError):
        pairs = parse_qsl(text, keep_blank_values=True)
        if not pairs:
            return text
        read = dict(pairs)
    return json.dumps(_without(read), indent=2, ensure_ascii=False)


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _GONE if _SECRET.search(str(name)) else _without(inner) for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_without(each) for each in value]
    return value


def _line(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    return indent + redact(line, most=_LONGEST)
