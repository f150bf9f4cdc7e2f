"""Every test of the edge begins with closed breakers and full buckets."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from django.conf import settings

from engine.core import wake
from engine.providers.edge import breaker, limiter, shared, tokens, wire
from engine.providers.edge.http import Call

MakeCall = Callable[..., Call]
_redis = cache(wake.connect)


def begin_afresh() -> None:
    """Closed breakers, full buckets, no token in memory: for whoever speaks through the edge."""
    for each in (shared, breaker, limiter, tokens):
        each.forget()
    redis = _redis(settings.CELERY_BROKER_URL)
    for key in redis.scan_iter("edge:*"):
        redis.delete(key)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    begin_afresh()
    if hasattr(wire._local, "session"):
        wire._local.session.close()
        wire._local.__dict__.clear()


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis refuses connections."""
    monkeypatch.setattr(settings, "CELERY_BROKER_URL", "redis://127.0.0.1:9/0")


@pytest.fixture
def quick_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three failures open it for longer than any test takes; every call asks."""
    for name, value in {
        "breaker_failures": 3,
        "breaker_open_seconds": 60,
        "breaker_open_max_seconds": 120,
    }.items():
        monkeypatch.setattr(settings.ENV, name, value)
    monkeypatch.setattr(breaker, "REMEMBER_SECONDS", 0.0)


@pytest.fixture
def call() -> MakeCall:
    """A call to a URL; a test says what differs."""

    def make(url: str, **differs: object) -> Call:
        fields: dict[str, object] = {
            "provider": "acme",
            "operation": "charge",
            "method": "POST",
            "url": url,
            "headers": {"Authorization": "Bearer hush-hush-1", "Content-Type": "application/json"},
            "body": b'{"amount": 5}',
            "deadline": 3.0,
            "read_seconds": 1.0,
            "may_move_money": True,
            "limit": None,
        }
        return Call(**(fields | differs))  # type: ignore[arg-type]

    return make
