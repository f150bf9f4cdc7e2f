"""No more calls than a provider allows, over all workers: one bucket per provider and key, in Redis.

Nobody waits in here. What finds no room is told when to come again, and waits in its lane. A batch of sends takes its
room at once (gate.py), every other call its own as it leaves (http.py). Without Redis each process has a bucket of its
own, of a share of the rate: slower, never faster than allowed by much.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from engine.providers.edge import shared
from engine.providers.edge.faults import NotSent

SHARE = 0.25  # of the rate, where every process counts for itself
HOLD_SECONDS_MAX = 60.0
_here = threading.local()
_guard = threading.Lock()
_own: dict[str, int] = {}  # without Redis: bucket -> monotonic microseconds at which it is full again


class Limit(NamedTuple):
    """`bucket` names whose rate it is (`limit_of`); `per_second` calls in the long run, `burst` at once."""

    bucket: str
    per_second: float
    burst: int


class Grant(NamedTuple):
    """How many calls may leave now, and in how many seconds the next one may."""

    calls: int
    retry_seconds: float


def limit_of(provider: str, key: str, *, per_second: float, burst: int) -> Limit:
    """The limit of one of our keys at a provider; the key itself stands nowhere, only its digest."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    return Limit(f"edge:limit:{provider}:{digest}", per_second, max(1, burst))


def take(limit: Limit, *, want: int = 1) -> Grant:
    """Up to `want` calls that may leave now. Asks Redis; never waits for room and never raises."""
    return _ask(limit, want, hold_seconds=0.0)


@contextmanager
def granted() -> Iterator[None]:
    """What this thread calls inside had its room taken with its batch."""
    _here.granted = True
    try:
        yield
    finally:
        _here.granted = False


def enter(provider: str, limit: Limit) -> None:
    """Take the room of one call that is about to leave. Asks Redis; never waits.

    Raises NotSent "rate_limited", with the wait, where there is none.
    """
    if getattr(_here, "granted", False):
        return
    found = take(limit)
    if not found.calls:
        raise NotSent("rate_limited", f"{provider} allows no more calls at once", found.retry_seconds)


def hold_back(limit: Limit, *, seconds: float) -> None:
    """The provider said "too many": nobody takes for so long (at most a minute). Asks Redis; never raises."""
    _ask(limit, 0, hold_seconds=min(seconds, HOLD_SECONDS_MAX))


def forget() -> None:
    """This process's own buckets are full again."""
    with _guard:
        _own.clear()


def _ask(limit: Limit, want: int, *, hold_seconds: float) -> Grant:
    each, hold = int(1_000_000 / limit.per_second), int(hold_seconds * 1_000_000)
    found = shared.run("limiter", limit.bucket, each, limit.burst, want, hold)
    calls, wait = found if found else _alone(limit, want, hold)
    return Grant(calls, wait / 1_000_000)


def _alone(limit: Limit, want: int, hold: int) -> tuple[int, int]:
    """What lua/limiter.lua does, for this process and a share of the rate; whole microseconds, as floats lose calls."""
    each = int(1_000_000 / (limit.per_second * SHARE))
    room = max(1, int(limit.burst * SHARE)) * each
    now = time.monotonic_ns() // 1000
    with _guard:
        full_at = max(_own.get(limit.bucket, 0), now)
        if hold:
            full_at = max(full_at, now + hold + room - each)
        calls = max(0, min(want, (now + room - full_at) // each))
        _own[limit.bucket] = full_at = full_at + calls * each
    return calls, max(0, full_at + each - room - now)
