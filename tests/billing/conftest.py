from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings

from engine.providers import registry
from tests.billing.world import World, make_world


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
