"""Signs of life as rows: cheap enough for every task, true without Redis."""

from __future__ import annotations

import threading
import time
from datetime import datetime

import structlog
from django.db import DatabaseError, connection

from engine.core import clock
from ops.models import Heartbeat

TICK = "tick"
log = structlog.get_logger(__name__)
QUEUES = ("plan", "money", "io")
_EVERY_SECONDS = 5.0
_last: dict[str, float] = {}
_lock = threading.Lock()


def beat(name: str, *, host: str = "", every: float = _EVERY_SECONDS) -> bool:
    """Note that `name` lives, unless this process did so in the last `every` seconds. Writes. True if it wrote."""
    now = time.monotonic()
    with _lock:
        if now - _last.get(name, -every) < every:
            return False
        _last[name] = now
    seen = Heartbeat(name=name[:40], seen_at=clock.machine_now(), host=host[:200])
    Heartbeat.objects.bulk_create(
        [seen], update_conflicts=True, unique_fields=["name"], update_fields=["seen_at", "host"]
    )
    return True


def beat_quietly(name: str, *, host: str = "") -> None:
    """As `beat`, and a database that is away is only logged: a sign of life must not stop work."""
    try:
        beat(name, host=host)
    except DatabaseError as fault:
        connection.close_if_unusable_or_obsolete()
        log.warning("heartbeat lost", name=name, fault=type(fault).__name__)


def of_queue(queue: str) -> str:
    """The name of a queue's heartbeat."""
    return f"queue:{queue}"


def ages(at: datetime) -> dict[str, float]:
    """Seconds since each sign of life at machine time `at`. Reads."""
    return {one.name: max(0.0, (at - one.seen_at).total_seconds()) for one in Heartbeat.objects.all()}


def forget() -> None:
    """What this process remembers of its own beats. For tests."""
    _last.clear()
