from __future__ import annotations

from typing import Any

import pytest

from engine.core import wake
from engine.rest import ids
from tests.billing.conftest import committed_world, direct, world  # noqa: F401
from tests.billing.world import World
from tests.rest.conftest import Api, api, settled  # noqa: F401


@pytest.fixture(autouse=True)
def _nothing_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """A web request never publishes: whatever would reach for Redis fails its test."""

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a web request published")

    monkeypatch.setattr(wake, "wake", refuse)
    monkeypatch.setattr(wake, "publish", refuse)
    monkeypatch.setattr("celery.app.base.Celery.send_task", refuse)


@pytest.fixture
def caller(world: World, api: Any) -> Api:  # noqa: F811
    """A caller who may do all, in a world of its own."""
    return api()  # type: ignore[no-any-return]


def of(kind: str, row: Any) -> str:
    """The row's id as callers write it."""
    return ids.show(kind, getattr(row, "pk", row))
