"""What was asked of the gateways, answered or not."""

import re
from typing import Any

from sandbox.gateways.clock import Clock
from sandbox.gateways.mount import Request
from sandbox.gateways.store import Table

BODY_CHARACTERS_MAX = 4000
CARD = re.compile(r"\b\d{9,15}(\d{4})\b")
SECRET = ("authorization", "signature", "cookie")


class Journal:
    """One row per request: its words, key, faults, and what became of it."""

    def __init__(self, clock: Clock, table: Table) -> None:
        self._clock, self._table = clock, table

    def begin(self, provider: str, request: Request, words: list[str], faults: list[str]) -> str:
        """Note an arrival; its number."""
        number = str(len(self._table) + 1)
        row = {
            "seq": int(number),
            "at": self._clock.now(),
            "provider": provider,
            "route": request.route,
            "verb": request.verb,
            "path": request.path,
            "query": request.query,
            "key": request.key,
            "references": words,
            "faults": faults,
            "headers": {name: value for name, value in request.headers.items() if name not in SECRET},
            "body": masked(request.body.decode(errors="replace")[:BODY_CHARACTERS_MAX]),
            "status": None,
            "outcome": "open",
        }
        self._table.put(number, row)
        return number

    def end(self, number: str, status: int | None, outcome: str) -> None:
        """Note the end: ``answered``, ``replayed``, ``hung``, ``reset``, ``cut``, ``dripped`` or ``bug``."""
        row = self._table.get(number)
        if row is not None:
            row |= {"status": status, "outcome": outcome}
            self._table.put(number, row)

    def listed(self, since: int = 0, limit: int = 1000, **equal: Any) -> list[dict[str, Any]]:
        """Rows with seq above ``since`` whose members equal what is given, the oldest first."""
        found: list[dict[str, Any]] = []
        for number in range(since + 1, len(self._table) + 1):
            row = self._table.get(str(number))
            if row and all(row.get(name) == value for name, value in equal.items()):
                found.append(row)
                if len(found) == limit:
                    break
        return found


def masked(text: str) -> str:
    """A text without the numbers of cards; their last four digits stay."""
    return CARD.sub(r"****\1", text)
