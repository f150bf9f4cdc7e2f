"""One simulator for these tests, as new for each; the adapter over real HTTP, in both versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from pydantic import SecretStr

from engine.providers.edge.models import AccessToken
from engine.providers.flutterwave.provider import Flutterwave
from sandbox.gateways.control import Gateways
from tests.edge.conftest import begin_afresh
from tests.flutterwave.desk import AVAILABLE, Desk
from tests.gateways.conftest import listening
from tests.gateways.receiver import Receiver

Change = Callable[..., None]
TOKENS = "/flw/idp/realms/flutterwave/protocol/openid-connect/token"


@pytest.fixture(scope="package")
def served() -> Iterator[Gateways]:
    with Gateways.start() as gateways:
        yield gateways


@pytest.fixture
def world(served: Gateways) -> Iterator[Gateways]:
    """A world in which nothing has happened yet. No test may end with a double in its books, or a bug of its own."""
    served.reset()
    yield served
    assert served.status()["bugs"] == 0
    assert served.assertions()["doubles"] == []


@pytest.fixture(autouse=True)
def _fresh() -> None:
    """Closed breakers, full buckets, no token in memory."""
    begin_afresh()


@pytest.fixture
def committed(empty_database: str, django_db_blocker: Any) -> Iterator[None]:
    """The database without a transaction around the test, so that threads see each other's commits."""
    with django_db_blocker.unblock():
        yield
        AccessToken.objects.all().delete()
        connection.close()


@pytest.fixture
def change(settings: Any) -> Change:
    """Change the environment for one test."""

    def apply(**values: Any) -> None:
        settings.ENV = settings.ENV.model_copy(update=values)

    return apply


@pytest.fixture
def as_version(world: Gateways, committed: None, change: Change) -> Callable[[str], Desk]:
    """The adapter on one version against the simulator. A send has ten seconds, a look a quarter of that.

    A token outlives the days by which a test moves the world's clock; test_tokens.py has real ones.
    """

    def make(version: str) -> Desk:
        world.configure("flutterwave-idp", token_seconds=1_000_000)
        change(
            flutterwave_api_version=version,
            flutterwave_client_id="client_simulator",
            flutterwave_client_secret=SecretStr("secret_simulator"),
            flutterwave_secret_key=SecretStr("FLWSECK_TEST-simulator-X"),
            flutterwave_webhook_secrets=[SecretStr("flw_secret_hash")],
            flutterwave_url=f"{world.url}/flw/{version}",
            flutterwave_token_url=world.url + TOKENS,
            flutterwave_calls_per_second=1000,
            send_deadline_seconds=2.5,
        )
        return Desk(world, version, Flutterwave())

    return make


@pytest.fixture(params=["v4", "v3"])
def desk(request: pytest.FixtureRequest, as_version: Callable[[str], Desk]) -> Desk:
    """Whatever holds for both versions."""
    return as_version(request.param)


@pytest.fixture
def v4(as_version: Callable[[str], Desk]) -> Desk:
    return as_version("v4")


@pytest.fixture
def v3(as_version: Callable[[str], Desk]) -> Desk:
    return as_version("v3")


@pytest.fixture
def rich(desk: Desk) -> Desk:
    """With money in the wallet to pay out."""
    desk.world.give(AVAILABLE, "NGN", 10_000_000)
    return desk


@pytest.fixture
def hasty(desk: Desk, change: Change) -> Desk:
    """Whose sends have 0.8 s, and wait 0.7 s for a byte."""
    change(send_deadline_seconds=0.2)
    return Desk(desk.world, desk.version, Flutterwave())


@pytest.fixture
def hooks(desk: Desk) -> Iterator[Receiver]:
    """Where callbacks of this version go."""
    yield from listening(desk.world, desk.mount)
