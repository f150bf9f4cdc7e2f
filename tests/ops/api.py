"""The sources' endpoints as a caller has them, and their golden answers."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from django.test import Client

GOLDEN = Path(__file__).parent / "golden"
_IDS = re.compile(r"^(job|sub|pay)_[0-9a-f]{32}$")
RUNS_OWN = (
    "request_id", "transactionHash", "userAddress", "subscriber", "uptime", "rss", "maxRss", "ms", "secondsSinceTick",
    "averageProcessingTime", "secondsAgo",
)  # fmt: skip
_KEY = re.compile(r"^key:cb_test_[\w-]{6} ")
_MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


class Caller:
    """Sends JSON with a key."""

    def __init__(self, secret: str = "") -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=self.headers | headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        return self.client.generic(
            "POST", path, data, content_type="application/json", headers=self.headers | headers
        )


def is_golden(name: str, response: Any) -> None:
    """The answer's status and document are those of golden/<name>.json, ids and times aside.

    GOLDEN=write in the environment writes them.
    """
    shown = {"status": response.status_code, "body": plain(response.json())}
    path = GOLDEN / f"{name}.json"
    if os.environ.get("GOLDEN") == "write":
        path.write_text(json.dumps(shown, indent=2) + "\n")
    assert shown == json.loads(path.read_text()), name


def plain(value: Any, key: str = "") -> Any:
    """`value` without what differs from run to run."""
    if isinstance(value, dict):
        return {name: plain(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner, key) for inner in value]
    if isinstance(value, str) and _IDS.match(value):
        return f"<{value.partition('_')[0]}>"
    if isinstance(value, str) and _KEY.match(value):
        return _KEY.sub("key:<prefix> ", value)
    if isinstance(value, str) and _MOMENT.match(value):
        return "<time>"
    if key in RUNS_OWN and value is not None:
        return f"<{key}>"
    return value
