"""The adapter over real HTTP against the gateways' simulator, with nothing in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from engine.providers.ipaymu.provider import Ipaymu
from sandbox.gateways.control import Gateways
from tests.edge.conftest import _fresh  # noqa: F401 - closed breakers and full buckets, for each test
from tests.gateways.conftest import served, world  # noqa: F401
from tests.gateways.receiver import Receiver
from tests.ipaymu.shop import KEY, VA, Shop

Change = Callable[..., None]


@pytest.fixture
def configure(settings: Any) -> Change:
    """Change environment settings for one test: configure(ipaymu_va=...)."""

    def apply(**values: Any) -> None:
        settings.ENV = settings.ENV.model_copy(update=values)

    return apply


@pytest.fixture
def hooks() -> Iterator[Receiver]:
    """Where callbacks go."""
    found = Receiver()
    yield found
    found.close()


@pytest.fixture
def account(world: Gateways, hooks: Receiver, configure: Change) -> Change:  # noqa: F811
    """Configured for the simulator; gives what changes it further."""
    configure(
        ipaymu_va=VA,
        ipaymu_api_key=SecretStr(KEY),
        ipaymu_url=f"{world.url}/ipaymu",
        ipaymu_calls_per_second=1000.0,
        public_url=hooks.url.removesuffix("/hook"),
    )
    return configure


@pytest.fixture
def shop(db: None, world: Gateways, account: Change) -> Shop:  # noqa: F811
    """The adapter, and what the engine would do around it."""
    return Shop(world, Ipaymu())


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that wait half a second for their answer."""
    monkeypatch.setattr("engine.providers.ipaymu.sheet.DEADLINE_SECONDS", 0.5)
    monkeypatch.setattr("engine.providers.ipaymu.client.LOOK_SECONDS", 0.5)
