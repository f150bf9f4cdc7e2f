"""The virtual clock: what the gateways take for now, and what they will do later."""

import heapq
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.gateways.store import Table

Later = Callable[[dict[str, Any]], None]


class ClockError(ValueError):
    """A setting of the clock that makes no sense; the text says why."""


class Clock:
    """Runs at real speed beside the machine's clock, or stands still until it is moved."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._state = table.get("clock") or {"offset": 0.0, "frozen": None}
        self._reached: float | None = None

    def now(self) -> float:
        """Unix seconds, virtual."""
        if self._reached is not None:
            return self._reached
        frozen: float | None = self._state["frozen"]
        return time.time() + self._state["offset"] if frozen is None else frozen

    def moment(self) -> datetime:
        """``now`` as a moment in UTC."""
        return datetime.fromtimestamp(self.now(), UTC)

    @property
    def running(self) -> bool:
        """Whether it moves by itself."""
        return self._state["frozen"] is None

    def set(self, now: float) -> None:
        """Name the hour. What was due in between is done by ``Timers.run``; it never goes back."""
        if now < self.now():
            raise ClockError("the clock does not go back: reset the simulator instead")
        self._put(now, self.running)

    def advance(self, seconds: float) -> None:
        """Move it on; ClockError below zero."""
        if seconds < 0:
            raise ClockError("the clock does not go back: reset the simulator instead")
        self._put(self.now() + seconds, self.running)

    def run(self, running: bool) -> None:
        """Let it run at real speed from now on, or stand still."""
        self._put(self.now(), running)

    def _put(self, now: float, running: bool) -> None:
        self._state = {"offset": now - time.time(), "frozen": None if running else now}
        self._table.put("clock", self._state)

    def stand_at(self, moment: float | None) -> None:
        """While a timer runs, now is the moment it was due at; None ends that."""
        self._reached = moment


class Timers:
    """What is due later, kept as data (provider, action, members), so that a restart forgets none of it."""

    def __init__(self, clock: Clock, table: Table) -> None:
        self._clock, self._table = clock, table
        self._actions: dict[tuple[str, str], Later] = {}
        self._heap = [(row["at"], int(key)) for key, row in table.items()]
        heapq.heapify(self._heap)
        self._number = max((number for _, number in self._heap), default=0)

    def register(self, provider: str, action: str, run: Later) -> None:
        """Name the function behind an action. It is called with the members given to ``after``."""
        self._actions[provider, action] = run

    def after(self, seconds: float, provider: str, action: str, **members: Any) -> str:
        """Have an action done ``seconds`` of virtual time from now; the timer's id."""
        if (provider, action) not in self._actions:
            raise LookupError(f"{provider} has no action {action!r}")
        self._number += 1
        at = self._clock.now() + seconds
        row = {"at": at, "provider": provider, "action": action, "members": members}
        self._table.put(str(self._number), row)
        heapq.heappush(self._heap, (at, self._number))
        return str(self._number)

    def cancel(self, timer: str) -> None:
        """Forget a timer; nothing if it has run."""
        self._table.drop(timer)

    def pending(self) -> list[dict[str, Any]]:
        """All timers, the next one first."""
        rows = [{"id": key, **row} for key, row in self._table.items()]
        return sorted(rows, key=lambda row: (row["at"], int(row["id"])))

    def run(self) -> int:
        """Do all that is due, in its order and each at its own moment; how many were done."""
        done = 0
        now = self._clock.now()
        try:
            while self._heap and self._heap[0][0] <= now:
                _, number = heapq.heappop(self._heap)
                timer = self._table.get(str(number))
                if timer is None:
                    continue  # cancelled
                self._table.drop(str(number))
                self._clock.stand_at(timer["at"])
                self._actions[timer["provider"], timer["action"]](timer["members"])
                done += 1
        finally:
            self._clock.stand_at(None)
        return done
