"""Stripe's parameters: form bodies with brackets, and the refusals of what doesn't fit."""

import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qsl

from sandbox.gateways.stripe.errors import invalid

PART = re.compile(r"[^\[\]]+|\[\]")


def parse(text: str) -> dict[str, Any]:
    """``a[b]=1&c[]=2&c[]=3&d[0][e]=4`` as nested dicts and lists of strings."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        _put(found, PART.findall(name), value)
    listed: dict[str, Any] = _listed(found)
    return listed


def _put(target: dict[str, Any], parts: Sequence[str], value: str) -> None:
    first, *rest = parts
    if first == "[]":
        first = str(len(target))
    if rest:
        below = target.setdefault(first, {})
        if isinstance(below, dict):
            _put(below, rest, value)
    else:
        target[first] = value


def _listed(found: Any) -> Any:
    """Dicts whose names count from 0 are lists."""
    if not isinstance(found, dict):
        return found
    if found and list(found) == [str(number) for number in range(len(found))]:
        return [_listed(each) for each in found.values()]
    return {name: _listed(each) for name, each in found.items()}


def refuse_unknown(data: dict[str, Any], known: Iterable[str]) -> None:
    """400 parameter_unknown for a name that the call has not."""
    for name in data:
        if name not in known and name != "expand":
            raise invalid(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def text(data: dict[str, Any], name: str, *, required: bool = False) -> str | None:
    """A string; None where it is missing or empty. 400 parameter_missing."""
    value = data.get(name)
    if value in (None, ""):
        if required:
            raise invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)
        return None
    if not isinstance(value, str):
        raise invalid(f"Invalid string: {name}", param=name)
    return value


def integer(data: dict[str, Any], name: str, *, required: bool = False) -> int | None:
    """A whole number."""
    value = text(data, name, required=required)
    if value is None:
        return None
    if not re.fullmatch(r"-?\d+", value):
        raise invalid(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
    return int(value)


def boolean(data: dict[str, Any], name: str) -> bool:
    """``true`` or ``false``; missing is false."""
    value = text(data, name)
    if value not in (None, "true", "false"):
        raise invalid(f"Invalid boolean: {value}", param=name)
    return value == "true"


def choice(data: dict[str, Any], name: str, options: Sequence[str], default: str) -> str:
    """One of some words."""
    value = text(data, name) or default
    if value not in options:
        raise invalid(f"Invalid {name}: must be one of {', '.join(options)}", param=name)
    return value


def amount(data: dict[str, Any], *, required: bool = True) -> int | None:
    """Whole minor units, at least 1."""
    value = integer(data, "amount", required=required)
    if value is not None and value < 1:
        raise invalid("This value must be greater than or equal to 1.", code="parameter_invalid_integer",
                      param="amount")  # fmt: skip
    return value


def currency(data: dict[str, Any]) -> str:
    """Three letters, made small."""
    value = (text(data, "currency", required=True) or "").lower()
    if not re.fullmatch("[a-z]{3}", value):
        raise invalid(f"Invalid currency: {value}.", param="currency")
    return value


def metadata(data: dict[str, Any], before: dict[str, str] | None = None) -> dict[str, str]:
    """What was kept with the new laid over it; an empty value removes a name."""
    given = data.get("metadata") or {}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise invalid("Invalid hash: metadata must be a set of key-value pairs", param="metadata")
    return {name: value for name, value in {**(before or {}), **given}.items() if value != ""}
