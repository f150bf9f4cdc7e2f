"""Answers read strictly for what money depends on; the rest is read by whoever can do without it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_WHOLE = re.compile(r"[0-9]{1,18}")
_WORD = re.compile(r"[A-Za-z0-9_.:=-]{1,100}")
_CURRENCY = re.compile(r"[A-Z]{3}")


class Odd(ValueError):
    """A member of an answer that is missing or of another shape; the text names it, not its value."""


def members(value: Any, name: str = "data") -> Mapping[str, Any]:
    """An object. Raises Odd."""
    if not isinstance(value, dict):
        raise Odd(f"{name} is no object")
    return value


def items(value: Any, name: str = "data") -> list[Any]:
    """A list. Raises Odd."""
    if not isinstance(value, list):
        raise Odd(f"{name} is no list")
    return value


def text(data: Mapping[str, Any], name: str) -> str:
    """Text that is not empty. Raises Odd."""
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise Odd(f"{name} is no text")
    return value


def word(data: Mapping[str, Any], name: str) -> str:
    """A code of theirs: letters, digits and a few signs. Raises Odd."""
    found = text(data, name)
    if not _WORD.fullmatch(found):
        raise Odd(f"{name} is no code")
    return found


def whole(data: Mapping[str, Any], name: str) -> int:
    """A whole number of at least 0; some of theirs come as text. Raises Odd."""
    value = data.get(name)
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if type(value) is not int or not 0 <= value < 2**63:
        raise Odd(f"{name} is no whole number")
    return value


def whole_or_none(data: Mapping[str, Any], name: str) -> int | None:
    """The same where null says that there is none. Raises Odd."""
    return None if data.get(name) is None else whole(data, name)


def currency(data: Mapping[str, Any]) -> str:
    """Three capital letters. Raises Odd."""
    found = text(data, "currency")
    if not _CURRENCY.fullmatch(found):
        raise Odd("currency is none")
    return found


def moment(data: Mapping[str, Any], *names: str) -> datetime:
    """The first of `names` that is set, as a moment in UTC. Raises Odd."""
    value = next((data[name] for name in names if data.get(name)), None)
    try:
        found = datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise Odd(f"{names[0]} is no moment") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def moment_or_none(data: Mapping[str, Any], name: str) -> datetime | None:
    """The same where null says that there is none. Raises Odd."""
    return moment(data, name) if data.get(name) else None
