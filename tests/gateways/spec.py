"""Stripe's published specification (tests/specs, MIT): does an answer fit the schema of its object?"""

import functools
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

FILE = Path(__file__).parents[1] / "specs" / "stripe-money-subset.json"


@functools.cache
def document() -> Any:
    return _nullable(json.loads(FILE.read_text()))


def faults(name: str, found: Any) -> list[str]:
    """Where an object differs from the schema of this name; empty if it fits."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}
    found_faults = Draft7Validator(schema).iter_errors(found)
    return [f"{'.'.join(map(str, fault.absolute_path))}: {fault.message[:200]}" for fault in found_faults]


def _nullable(node: Any) -> Any:
    """OpenAPI 3.0 says ``nullable``; JSON Schema says ``anyOf null``."""
    if isinstance(node, list):
        return [_nullable(each) for each in node]
    if not isinstance(node, dict):
        return node
    found = {name: _nullable(value) for name, value in node.items() if name != "nullable"}
    return {"anyOf": [found, {"type": "null"}]} if node.get("nullable") is True else found
