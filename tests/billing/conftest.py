from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections

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


@pytest.fixture
def committed_world(empty_database: str, django_db_blocker: Any, direct: None) -> Iterator[World]:
    """A world in a database of its own, where threads see each other's commits; dropped afterwards.

    Append-only tables refuse the flush of a transactional test, so a copy of the empty database is made.
    """
    with django_db_blocker.unblock():
        template = empty_database
        own = f"{template}_races_{os.getpid()}"
        connections.close_all()
        _admin(f'CREATE DATABASE "{own}" TEMPLATE "{template}"')
        connection.settings_dict["NAME"] = own
        try:
            yield make_world()
        finally:
            connections.close_all()
            connection.settings_dict["NAME"] = template
            _admin(f'DROP DATABASE "{own}" WITH (FORCE)')


def _admin(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)
