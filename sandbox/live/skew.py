"""A worker whose wall clock is wrong: what Python code reads from time.time() is off by so much.

There is no libfaketime on a bare machine, and a time namespace moves the boot-time clock alone; so the
two functions that Celery, kombu, redis-py and our ids read are replaced in the worker before it starts.
"""

from __future__ import annotations

import time

VARIABLE = "LIVE_WALL_SKEW_SECONDS"


def apply(seconds: float) -> None:
    """Shift this process's wall clock by `seconds`."""
    real, real_ns = time.time, time.time_ns
    time.time = lambda: real() + seconds
    time.time_ns = lambda: real_ns() + int(seconds * 10**9)
