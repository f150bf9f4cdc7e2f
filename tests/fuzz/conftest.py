from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection

from engine.providers import registry
from ops.api.base import SchedulerView
from tests.billing.conftest import committed_world  # noqa: F401
from tests.billing.world import World
from tests.fuzz.ground import Ground


@pytest.fixture
def direct(spans: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The only provider there is, in committed_world too; no limit on calls; one connection for all of them."""
    monkeypatch.setattr(settings, "PROVIDERS", {"scripted": "tests.fuzz.ground.Friendly"})
    monkeypatch.setattr(settings.ENV, "api_rate_limit", 10**6)
    monkeypatch.setattr(SchedulerView, "rate", lambda self: None)
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", None)
    registry.get.cache_clear()
    yield
    registry.get.cache_clear()


@pytest.fixture
def ground(committed_world: World) -> Ground:  # noqa: F811
    """Committed rows in a database of its own: what the app writes stays between two calls."""
    return Ground(committed_world)
