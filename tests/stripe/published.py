"""Stripe's published specification (tests/specs, MIT): does what we ask fit the parameters of its call?"""

from __future__ import annotations

import re
from typing import Any

from jsonschema import Draft7Validator

from sandbox.gateways.stripe import forms
from tests.gateways import spec

OURS = "clearbeat"  # the edge's user agent: what else asks in a test is not the adapter
FORM = "application/x-www-form-urlencoded"


def faults(journal: list[dict[str, Any]]) -> list[str]:
    """Where a request of ours differs from the specification; calls that it does not have are passed over."""
    found = []
    for row in journal:
        if row["headers"].get("user-agent") == OURS and row["route"]:
            found += [f"{row['route']}: {fault}" for fault in _faults(row)]
    return found


def _faults(row: dict[str, Any]) -> list[str]:
    call = _call(row["verb"].lower(), f"/v1{row['path']}")
    if call is None:
        return []
    if row["verb"] == "GET":
        known = {each["name"] for each in call.get("parameters", ())}
        given = {name.partition("[")[0] for name in row["query"]}
        return [f"no parameter {name}" for name in sorted(given - known)]
    schema = call["requestBody"]["content"][FORM]["schema"]
    given = _typed(schema, forms.parse(row["body"]))
    return [
        f"{'.'.join(map(str, each.absolute_path))}: {each.message[:200]}"
        for each in Draft7Validator(schema).iter_errors(given)
    ]


def _call(verb: str, path: str) -> dict[str, Any] | None:
    for pattern, calls in spec.document()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path):
            found: dict[str, Any] | None = calls.get(verb)
            return found
    return None


def _typed(schema: dict[str, Any], value: Any) -> Any:
    """A form has texts alone: numbers and truths as the schema wants them."""
    if "anyOf" in schema:
        tried = (_typed(each, value) for each in schema["anyOf"])
        fits = zip(schema["anyOf"], tried, strict=True)
        return next((one for each, one in fits if Draft7Validator(each).is_valid(one)), value)
    kind = schema.get("type")
    if kind == "integer" and isinstance(value, str) and value.isdigit():
        return int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind == "object" and isinstance(value, dict):
        known = schema.get("properties", {})
        return {name: _typed(known.get(name, {}), each) for name, each in value.items()}
    if kind == "array" and isinstance(value, list):
        return [_typed(schema.get("items", {}), each) for each in value]
    return value
