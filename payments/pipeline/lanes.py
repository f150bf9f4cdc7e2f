"""Lanes: (operation, provider). Each has one driver thread per worker; a second one returns at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from django.conf import settings

from engine.core import sql
from engine.providers import registry


class Lane(NamedTuple):
    """What moves, and through whom."""

    operation: str
    provider: str


class Worked(NamedTuple):
    """What a run did in a lane: sends, or look-ups that were answered. `unanswered`: payments that wait because
    the provider could not be asked, and `silence`, what came instead of its last answer."""

    done: int = 0
    unanswered: int = 0
    silence: str = ""


_drivers: dict[tuple[str, Lane], threading.Lock] = {}
_guard = threading.Lock()


def all_lanes() -> list[Lane]:
    """Every lane of every configured provider, from the sheets."""
    return [Lane(op, name) for name in registry.names() for op in registry.get(name).sheet.operations]


@contextmanager
def only_driver(verb: str, lane: Lane) -> Iterator[bool]:
    """True for the one driver of this verb and lane in this process, False where it is running already."""
    with _guard:
        lock = _drivers.setdefault((verb, lane), threading.Lock())
    mine = lock.acquire(blocking=False)
    try:
        yield mine
    finally:
        if mine:
            lock.release()


def stopped(provider: str) -> bool:
    """True if the provider is paused or the kill switch is off. Reads without a lock: advice, not the rule."""
    found = sql.rows(sql.statement(__file__, "is_stopped"), {"provider": provider})
    return bool(found and found[0][0])


def threads() -> int:
    """Requests in flight per lane and worker."""
    return int(settings.ENV.lane_threads)
