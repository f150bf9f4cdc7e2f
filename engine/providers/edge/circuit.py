"""A breaker's circuit as one value: what lua/breaker.lua does, for a process that has no Redis to ask.

A test runs both through the same events and holds them equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple


class Verdict(IntEnum):
    """What an event is answered with."""

    CLOSED = 0
    OPEN = 1
    PROBE = 2  # one call may be tried, and it is yours (a look: it is free)


class Policy(NamedTuple):
    """Spans in ms. `failures` in one window, and at least half of what was seen in it, open the circuit."""

    window: int
    failures: int
    open: int  # the first time; doubled each time that the probe fails
    open_max: int
    lease: int  # a probe that says nothing for so long is given up


class Event(NamedTuple):
    """`name` as lua/breaker.lua has it; `oks` are calls that went well since the last event; `now` in ms."""

    name: str
    lease: str
    oks: int
    now: int


@dataclass(slots=True)
class Circuit:
    """Opened 0 times is closed. Not thread-safe."""

    until: int = 0
    opened: int = 0
    holder: str = ""
    lease_until: int = 0
    began: int = 0
    ok: int = 0
    bad: int = 0

    def step(self, event: Event, policy: Policy) -> tuple[Verdict, int]:
        """The verdict, and ms to wait where it is OPEN."""
        if self.opened == 0:
            return self._count(event, policy)
        if self.holder and self.holder == event.lease:
            if event.name == "probe_ok":
                self.__init__()  # type: ignore[misc]
                return Verdict.CLOSED, 0
            if event.name == "probe_failed":
                return self._trip(event.now, policy)
        if event.now < self.until:
            return Verdict.OPEN, self.until - event.now
        if self.holder and event.now < self.lease_until:
            return Verdict.OPEN, self.lease_until - event.now
        if event.name == "ask":
            self.holder, self.lease_until = event.lease, event.now + policy.lease
        return (Verdict.PROBE if event.name in ("ask", "look") else Verdict.OPEN), 0

    def _count(self, event: Event, policy: Policy) -> tuple[Verdict, int]:
        failed = event.name == "failed"
        if not failed and event.oks == 0:
            return Verdict.CLOSED, 0
        if event.now - self.began >= policy.window:
            self.began, self.ok, self.bad = event.now, 0, 0
        self.ok += event.oks
        self.bad += failed
        if failed and self.bad >= policy.failures and self.bad >= self.ok:
            return self._trip(event.now, policy)
        return Verdict.CLOSED, 0

    def _trip(self, now: int, policy: Policy) -> tuple[Verdict, int]:
        wait = min(policy.open * 2 ** min(self.opened, 20), policy.open_max)
        self.until, self.opened = now + wait, self.opened + 1
        self.holder, self.lease_until, self.ok, self.bad = "", 0, 0, 0
        return Verdict.OPEN, wait
