"""What every test may use: a clean registry of providers, and short time spans."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings

from engine.ledger import accounts
from engine.providers import registry


@pytest.fixture(autouse=True)
def _no_memory_between_tests() -> Iterator[None]:
    """Ids of ledger accounts and built providers are remembered per process; databases come and go."""
    accounts.forget()
    yield
    accounts.forget()
    registry.get.cache_clear()


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tenths of seconds instead of minutes."""
    for name, value in {
        "take_seconds": 0.5,
        "send_window_seconds": 0.2,
        "send_deadline_seconds": 0.1,
        "verify_first_seconds": 0.01,
        "watch_seconds": 0.01,
        "payment_retry_delay": 10,
    }.items():
        monkeypatch.setattr(settings.ENV, name, value)
