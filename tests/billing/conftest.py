from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from engine.providers import registry
from tests.billing.world import World, make_world
from tests.databases import own_copy


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One provider that pulls from payer to payee; only its sheet is read here."""
    monkeypatch.setattr(settings, "PROVIDERS", {"direct": "tests.billing.instant.Direct"})
    registry.get.cache_clear()
    yield
    registry.get.cache_clear()


@pytest.fixture
def world(db: None, direct: None) -> World:
    return make_world()


@pytest.fixture
def committed_world(empty_database: str, django_db_blocker: Any, direct: None) -> Iterator[World]:
    """A world in a database of its own, where threads see each other's commits; dropped afterwards.

    Append-only tables refuse the flush of a transactional test, so a copy of the empty database is made.
    """
    with django_db_blocker.unblock(), own_copy(empty_database):
        yield make_world()
