"""A filled world that stands for all tests of a module: made once, in a database of its own, and looked at by each.

To fill one costs a third of a second, more than most tests that look at it. What a test changes is rolled back, as
ever; a module that uses it has no test that wants an empty database or commits. It is committed: a transaction that
stood open for a module would hold up the feed of events of all who share the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from engine.ledger import accounts
from engine.providers import registry
from payments import switches
from tests.billing.world import World, make_world
from tests.databases import own_copy
from tests.ops.world import fill
from tests.payments.scripted import Scripted


@dataclass(frozen=True)
class Standing:
    """The world and the payments that `fill` names."""

    world: World
    payments: dict[str, UUID]


@pytest.fixture(scope="module")
def standing(empty_database: str, django_db_blocker: Any) -> Iterator[Standing]:
    with django_db_blocker.unblock(), own_copy(empty_database):
        yield _filled()
    accounts.forget()


@pytest.fixture
def standing_world(standing: Standing, db: None, scripted: Scripted) -> World:
    """Filled; inside one transaction that is rolled back."""
    return replace(standing.world, made=list(standing.world.made))


@pytest.fixture
def standing_payments(standing: Standing, standing_world: World) -> dict[str, UUID]:
    """A payment of each kind, by what became of it."""
    return dict(standing.payments)


def _filled() -> Standing:
    with pytest.MonkeyPatch.context() as here:
        here.setattr(settings, "PROVIDERS", {"scripted": "tests.payments.scripted.Scripted"})
        registry.get.cache_clear()
        scripted = registry.get("scripted")
        assert isinstance(scripted, Scripted)
        switches.seed()
        world = make_world()
        found = Standing(world, fill(world, scripted))
    registry.get.cache_clear()
    return found
