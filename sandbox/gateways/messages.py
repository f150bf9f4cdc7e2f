"""What passes between the core and a mount: a request, an answer, a refusal."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.gateways.faults import Rule
    from sandbox.gateways.world import World

JSON_TYPE = "application/json"


@dataclass(slots=True)
class Answer:
    """What a gateway says. ``payload`` becomes JSON; bytes are sent as they are (pages)."""

    payload: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    stored: bool = True
    """Whether an idempotency key keeps it: no for what was refused before the work began."""

    def body(self) -> bytes:
        """The bytes to send."""
        if isinstance(self.payload, bytes):
            return self.payload
        return json.dumps(self.payload, separators=(",", ":"), ensure_ascii=False).encode()


class Refused(Exception):
    """An answer by exception."""

    def __init__(self, status: int, payload: Any, *, stored: bool = False, **headers: str) -> None:
        super().__init__(status, payload)
        self.answer = Answer(payload, status, headers, stored)


@dataclass(slots=True)
class Request:
    """One request on a mount, with the faults drawn for it."""

    world: World
    verb: str
    path: str
    """Below the mount, without the query."""
    headers: dict[str, str]
    body: bytes
    query: dict[str, str]
    """Of a repeated name the last value; ``query_string`` has them all."""
    query_string: str
    base: str
    args: dict[str, str] = field(default_factory=dict)
    route: str = ""
    data: Any = None
    key: str = ""
    rules: list[Rule] = field(default_factory=list)

    def fault(self, kind: str) -> Rule | None:
        """The rule of this kind that was drawn for this request."""
        return next((rule for rule in self.rules if rule.kind == kind), None)
