"""Signatures that were computed elsewhere (tests/specs): what a gateway's callback must carry."""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "specs" / "signature-vectors.json"


def vector(name: str) -> dict[str, Any]:
    """The one of this name."""
    found: dict[str, Any] = next(each for each in json.loads(FILE.read_text()) if each["name"] == name)
    return found
