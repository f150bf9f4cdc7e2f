from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection

from engine.providers import registry
from payments import switches
from tests.billing.world import World, make_world
from tests.ops.standing import standing, standing_payments, standing_world  # noqa: F401
from tests.ops.world import empty
from tests.payments.scripted import Scripted

pytest.register_assert_rewrite("tests.ops.api")


@pytest.fixture
def scripted(spans: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """The only provider there is. Nothing here waits for a take to end: on a busy machine half a second is not long."""
    monkeypatch.setattr(settings.ENV, "take_seconds", 30)
    monkeypatch.setattr(settings, "PROVIDERS", {"scripted": "tests.payments.scripted.Scripted"})
    registry.get.cache_clear()
    provider = registry.get("scripted")
    assert isinstance(provider, Scripted)
    yield provider
    registry.get.cache_clear()


@pytest.fixture
def world(db: None, scripted: Scripted) -> World:
    """Inside one transaction that is rolled back."""
    switches.seed()
    return make_world()


@pytest.fixture
def committed(empty_database: str, django_db_blocker, scripted: Scripted) -> Iterator[World]:
    """Without a transaction around the test, as commands find it; emptied afterwards."""
    with django_db_blocker.unblock():
        switches.seed()
        yield make_world()
        empty()
        connection.close()
