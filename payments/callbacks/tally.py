"""What is turned away is counted, and a few of it kept: a flood costs a statement a second and no room.

The counts of a process are written at most once a second; what it has not written is lost with it.
"""

from __future__ import annotations

import threading
import time
from collections import Counter

from django.conf import settings

from engine.core import sql

_EVERY_SECONDS, _MINUTE = 1.0, 60.0
_lock = threading.Lock()
_uncounted: Counter[tuple[str, str]] = Counter()
_written_at = -_EVERY_SECONDS
_samples: dict[
    str, tuple[float, int]
] = {}  # by provider: when its minute began, and how many were kept since


def turn_away(provider: str, why: str) -> bool:
    """Count one more; True if it may be kept as a sample (CALLBACK_REFUSED_PER_MINUTE of a provider and process).

    Writes, at most once a second.
    """
    with _lock:
        _uncounted[provider, why] += 1
        now = time.monotonic()
        began, kept = _samples.get(provider, (now, 0))
        if now - began >= _MINUTE:
            began, kept = now, 0
        may = kept < settings.ENV.callback_refused_per_minute
        _samples[provider] = (began, kept + may)
    flush(at_once=False)
    return may


def flush(*, at_once: bool = True) -> None:
    """Write what is counted; unless `at_once`, a second after the last time at the earliest. Writes."""
    global _written_at
    with _lock:
        if not _uncounted or not (at_once or time.monotonic() - _written_at >= _EVERY_SECONDS):
            return
        told = dict(_uncounted)
        _uncounted.clear()
        _written_at = time.monotonic()
    try:
        _write(told)
    except Exception:
        with _lock:
            _uncounted.update(told)
        raise


def forget() -> None:
    """All of it, unwritten. For tests."""
    global _written_at
    with _lock:
        _uncounted.clear()
        _samples.clear()
        _written_at = -_EVERY_SECONDS


def _write(told: dict[tuple[str, str], int]) -> None:
    params = {
        "providers": [key[0] for key in told],
        "whys": [key[1] for key in told],
        "counts": list(told.values()),
    }
    sql.affected(sql.statement(__file__, "count_turned_away"), params)
