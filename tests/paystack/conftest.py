"""One simulator for all of these tests, as new for each; the adapter on it, each of its calls by the specification."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from engine.providers.edge import http
from engine.providers.paystack.provider import Paystack
from sandbox.gateways.control import Gateways
from tests.edge.conftest import begin_afresh
from tests.paystack.desk import Desk
from tests.paystack.recorder import Recorder


@pytest.fixture(scope="package")
def served() -> Iterator[Gateways]:
    with Gateways.start() as gateways:
        yield gateways


@pytest.fixture
def world(served: Gateways) -> Iterator[Gateways]:
    """A world in which nothing has happened yet. No test may end with a bug in a handler."""
    served.reset()
    served.set_clock(running=False)
    yield served
    assert served.status()["bugs"] == 0


@pytest.fixture(autouse=True)
def _fresh_edge() -> None:
    """Closed breakers and full buckets."""
    begin_afresh()


@pytest.fixture
def change(settings: Any) -> Callable[..., None]:
    """Change environment settings for one test."""

    def apply(**values: Any) -> None:
        settings.ENV = settings.ENV.model_copy(update=values)

    return apply


@pytest.fixture
def env(world: Gateways, change: Callable[..., None]) -> None:
    """Our account at the simulator."""
    change(
        paystack_secret_key=SecretStr("sk_test_simulator"),
        paystack_url=f"{world.url}/paystack",
        paystack_calls_per_second=10_000,
        send_deadline_seconds=10.0,
    )


@pytest.fixture
def calls(world: Gateways, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    recorder = Recorder(f"{world.url}/paystack")
    monkeypatch.setattr(http, "exchange", recorder.exchange)
    yield recorder
    recorder.check()


@pytest.fixture
def provider(env: None, calls: Recorder) -> Paystack:
    return Paystack()


@pytest.fixture
def desk(provider: Paystack, world: Gateways) -> Desk:
    return Desk(provider, world)


@pytest.fixture
def rich(world: Gateways) -> Gateways:
    """A balance to pay out from."""
    world.give("paystack:platform:available", "NGN", 1_000_000)
    return world


@pytest.fixture
def hasty(change: Callable[..., None]) -> None:
    """Nobody waits longer than half a second for an answer."""
    change(send_deadline_seconds=0.5)
