"""Lua scripts in Redis for what all workers share, safe without it: a Redis that is away or frozen costs little.

It is asked without retries and for a quarter of a second at most; after a fault nobody of this process
asks it for a while, and callers go on with what they know themselves.
"""

from __future__ import annotations

import threading
import time
from functools import cache
from pathlib import Path

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.retry import Retry

from engine.core import wake

log = structlog.get_logger(__name__)
WAIT_SECONDS, AWAY_SECONDS = 0.25, 5.0
_guard = threading.Lock()
_away_until = 0.0  # monotonic


def run(name: str, key: str, *args: str | int) -> list[int] | None:
    """What `lua/<name>.lua` answers (whole numbers), or None where Redis can't be asked now. Never raises."""
    if time.monotonic() < _away_until:
        return None
    try:
        answer = _script(settings.CELERY_BROKER_URL, name)(keys=[key], args=list(args))
        return [int(each) for each in answer]
    except (redis.RedisError, OSError, TypeError, ValueError) as fault:
        _is_away(type(fault).__name__)
        return None


def forget() -> None:
    """Ask Redis again at once, and by a new connection."""
    global _away_until
    _away_until = 0.0
    _script.cache_clear()
    _client.cache_clear()


def _is_away(fault: str) -> None:
    global _away_until
    with _guard:
        if time.monotonic() < _away_until:
            return  # said already
        _away_until = time.monotonic() + AWAY_SECONDS
    log.warning("Redis can't be asked; limits and breakers are this process's own", fault=fault)


@cache
def _script(url: str, name: str) -> Script:
    text = (Path(__file__).parent / "lua" / f"{name}.lua").read_text()
    return _client(url).register_script(text)


@cache
def _client(url: str) -> redis.Redis:
    client = wake.connect(url, timeout=WAIT_SECONDS)
    client.set_retry(Retry(NoBackoff(), 0))  # its own default would wait for seconds
    return client
