"""One breaker per provider and operation, shared by all workers: who is sick is left alone, and one call tries.

State, window and the single probe's lease change in one Lua call. A closed breaker is asked twice a second a
process, not with each call; a failure is told at once. Open means "wait in the lane with a reason": it is never
a failure of a payment. Without Redis each process judges by what it saw itself.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import NamedTuple

import structlog
from django.conf import settings

from engine.core import ids
from engine.providers.edge import shared
from engine.providers.edge.circuit import Circuit, Event, Policy, Verdict
from engine.providers.edge.faults import NotSent

log = structlog.get_logger(__name__)
REMEMBER_SECONDS = 0.5
_guard = threading.Lock()


@dataclass(slots=True)
class _Seen:
    """What this process knows of one breaker: the last verdict, how long it is believed, what went well since."""

    verdict: Verdict = Verdict.CLOSED
    until: float = 0.0  # monotonic: it is asked again after
    opens_at: float = 0.0  # monotonic: an open one may let a probe through then
    oks: int = 0


_seen: dict[str, _Seen] = {}
_own: dict[str, Circuit] = {}


class Allowed(NamedTuple):
    """A call that may be made; `lease` is set for the one that tries whether a sick provider is well."""

    name: str
    lease: str
    lease_seconds: float


class Look(NamedTuple):
    """Advice before a batch: None calls is "as many as you like"; with 0, in how many seconds to ask again."""

    calls: int | None
    retry_seconds: float


def enter(provider: str, operation: str, *, lease_seconds: float) -> Allowed:
    """Ask whether a call may be made now; hand the answer to `leave` afterwards. Asks Redis.

    Raises NotSent "breaker_open" with the seconds to wait. `lease_seconds` is the longest the call can take.
    """
    name = f"edge:breaker:{provider}:{operation}"
    seen, believed = _remembered(name)
    lease = "" if believed else ids.uuid7().hex
    verdict = seen.verdict if believed else _tell(name, "ask", lease, lease_seconds)
    if verdict is Verdict.OPEN:
        wait = max(0.1, seen.opens_at - time.monotonic())
        text = f"{provider} did not answer lately; {operation} waits until one call got through"
        raise NotSent("breaker_open", text, wait)
    return Allowed(name, lease if verdict is Verdict.PROBE else "", lease_seconds)


def leave(allowed: Allowed, *, healthy: bool) -> None:
    """Tell how the call went: not healthy is a transport fault or 5xx, never a decline. Asks Redis, never raises."""
    if allowed.lease:
        event = "probe_ok" if healthy else "probe_failed"
        _tell(allowed.name, event, allowed.lease, allowed.lease_seconds)
    elif healthy:
        with _guard:
            _seen.setdefault(allowed.name, _Seen()).oks += 1
    else:
        _tell(allowed.name, "failed", "", allowed.lease_seconds)


def look(provider: str, operation: str) -> Look:
    """How many calls would be let through now. Takes no lease; asks Redis, never raises."""
    name = f"edge:breaker:{provider}:{operation}"
    verdict = _tell(name, "look", "", 0.0)
    if verdict is Verdict.OPEN:
        return Look(0, max(0.1, _seen[name].opens_at - time.monotonic()))
    return Look(1 if verdict is Verdict.PROBE else None, 0.0)


def forget() -> None:
    """What this process knows; Redis keeps what all know."""
    with _guard:
        _seen.clear()
        _own.clear()


def _remembered(name: str) -> tuple[_Seen, bool]:
    """What is known, and whether it may be believed. The first who may not, asks; the others go on meanwhile."""
    now = time.monotonic()
    with _guard:
        seen = _seen.setdefault(name, _Seen())
        if now < seen.until:
            return seen, True
        if seen.verdict is Verdict.CLOSED:
            seen.until = now + REMEMBER_SECONDS
        return seen, False


def _tell(name: str, event: str, lease: str, lease_seconds: float) -> Verdict:
    policy = _policy(lease_seconds)
    with _guard:
        seen = _seen.setdefault(name, _Seen())
        before = seen.verdict
        oks, seen.oks = seen.oks, 0
    found = shared.run("breaker", name, event, lease, oks, 0, *policy)
    verdict, wait = (Verdict(found[0]), found[1]) if found else _alone(name, event, lease, oks, policy)
    now = time.monotonic()
    with _guard:
        # A probe is one caller's alone: the others of this process ask, and are told to wait.
        seen.verdict = Verdict.OPEN if verdict is Verdict.PROBE else verdict
        seen.opens_at = now + wait / 1000
        seen.until = (
            now + REMEMBER_SECONDS
            if verdict is Verdict.CLOSED
            else min(seen.opens_at, now + REMEMBER_SECONDS)
        )
    if seen.verdict is not before and verdict is not Verdict.PROBE:
        log.warning("breaker", breaker=name, state=verdict.name.lower(), wait_seconds=wait / 1000)
    return verdict


def _alone(name: str, event: str, lease: str, oks: int, policy: Policy) -> tuple[Verdict, int]:
    with _guard:
        circuit = _own.setdefault(name, Circuit())
        return circuit.step(Event(event, lease, oks, int(time.monotonic() * 1000)), policy)


def _policy(lease_seconds: float) -> Policy:
    env = settings.ENV
    return Policy(
        window=int(env.breaker_window_seconds * 1000),
        failures=env.breaker_failures,
        open=int(env.breaker_open_seconds * 1000),
        open_max=int(env.breaker_open_max_seconds * 1000),
        lease=int(lease_seconds * 1000),
    )
