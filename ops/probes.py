"""Looks at the parts that the product stands on, side by side and each with a hard end: nobody's silence stalls us."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.db import connections

from engine.core.errors import Refusal

OK, WARN, FAULT = "ok", "warn", "fault"


class Seen(NamedTuple):
    """What one look found: `mend` says what to do where it is not ok. `facts` are for programs."""

    state: str
    sentence: str
    mend: str = ""
    facts: Mapping[str, Any] = {}


Look = Callable[[], Seen]


class _Running:
    """One look in a thread of its own; whoever asks for the same meanwhile waits for this one."""

    def __init__(self, name: str, one: Look) -> None:
        self.seen: Seen | None = None
        self.ended_at: float | None = None
        self.one = one
        self.thread = threading.Thread(target=self._run, name=f"look-{name}", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.seen = self.one()
        except Refusal as refusal:
            self.seen = Seen(FAULT, refusal.message)
        except Exception as fault:  # whatever it was: that is the finding
            self.seen = Seen(FAULT, f"{type(fault).__name__}: {fault}".strip(": ")[:300])
        finally:
            connections.close_all()
            self.ended_at = time.monotonic()

    def serves(self, kept_seconds: float) -> bool:
        """Whether who asks now need not look again."""
        if self.thread.is_alive():
            return True
        return self.ended_at is not None and time.monotonic() - self.ended_at < kept_seconds


_running: dict[str, _Running] = {}
_lock = threading.Lock()


def look(
    looks: Mapping[str, Look], *, seconds: float, mend: str = "", kept_seconds: float = 0
) -> dict[str, Seen]:
    """Run all looks at once; what has not answered after `seconds` is a fault. Never raises.

    A look that hangs keeps its one thread until it ends; meanwhile it is not started a second time. What a look of
    the same name found in the last `kept_seconds` is taken as it is.
    """
    started = {name: _start(name, each, kept_seconds) for name, each in looks.items()}
    end = time.monotonic() + seconds
    for each in started.values():
        each.thread.join(max(0.0, end - time.monotonic()))
    silent = Seen(FAULT, f"no answer within {seconds:g} s", mend)
    return {name: each.seen or silent for name, each in started.items()}


def forget() -> None:
    """What earlier looks found. For tests."""
    with _lock:
        _running.clear()


def _start(name: str, one: Look, kept_seconds: float) -> _Running:
    with _lock:
        before = _running.get(name)
        if before is None or not before.serves(kept_seconds):
            before = _running[name] = _Running(name, one)
        return before
