"""What happened to one thing, in one column: the moments of several tables in the order of machine time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple


class Moment(NamedTuple):
    """One line. `kind`: event, attempt, callback, evidence, posting, audit or invoice; `ids` name its rows."""

    at: datetime
    kind: str
    title: str
    detail: str
    ids: dict[str, str]


# Of what stands at the same moment, the cause before its effect.
_ORDER = {"audit": 0, "invoice": 1, "attempt": 2, "callback": 3, "evidence": 4, "event": 5, "posting": 6}


def in_order(*moments: Iterable[Moment]) -> list[Moment]:
    """All of them, oldest first."""
    return sorted(chain(*moments), key=lambda m: (m.at, _ORDER.get(m.kind, 9)))


def when(at: datetime | None) -> str:
    """A moment for people: UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "no date"


def times(count: int) -> str:
    """A count of what happened, for people."""
    return "once" if count == 1 else f"{count} times"


def facts(values: Mapping[str, Any], *names: str) -> str:
    """The named values that say something, in one line."""
    return "; ".join(f"{name.replace('_', ' ')}: {values[name]}" for name in names if values.get(name))


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What differs, as (name, before, after) for people."""
    names = [*before, *(name for name in after if name not in before)]
    return [
        (name.replace("_", " "), _plain(before.get(name)), _plain(after.get(name)))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _plain(value: Any) -> str:
    return "nothing" if value in (None, "") else str(value)
