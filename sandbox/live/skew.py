"""A worker whose wall clock is wrong: what Python code reads from time.time() is off by so much.

There is no libfaketime on a bare machine, and a time namespace moves the boot-time clock alone; so the
two functions that Celery, kombu, redis-py and our ids read are replaced in the worker before it starts, also
where a module took them by name when the nursery imported it. Not shifted: what reads the clock in C
(datetime.now and utcnow: the times in Celery's log lines and result rows, and in nothing that decides).
"""

from __future__ import annotations

import sys
import time

VARIABLE = "LIVE_WALL_SKEW_SECONDS"


def apply(seconds: float) -> None:
    """Shift this process's wall clock by `seconds`."""
    real, real_ns = time.time, time.time_ns
    shifted = {real: lambda: real() + seconds, real_ns: lambda: real_ns() + int(seconds * 10**9)}
    for module in list(sys.modules.values()):
        for name, value in list(vars(module).items()) if module else ():
            if value is real or value is real_ns:
                setattr(module, name, shifted[value])
