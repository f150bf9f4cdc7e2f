"""One simulator for all of these tests, as new for each; Stripe's own library on it."""

from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from sandbox.gateways.control import Gateways
from tests.gateways.receiver import Receiver

SECRET = "whsec_simulator"


@pytest.fixture(scope="package")
def served() -> Iterator[Gateways]:
    with Gateways.start() as gateways:
        yield gateways


@pytest.fixture
def world(served: Gateways) -> Iterator[Gateways]:
    """A world in which nothing has happened yet. No test may end with a bug in a handler."""
    served.reset()
    yield served
    assert served.status()["bugs"] == 0


def client_of(world: Gateways, timeout: float = 10) -> stripe.StripeClient:
    """Stripe's library, unmodified, with the settings that the product uses."""
    http = stripe.RequestsClient(timeout=timeout)
    base: Any = {"api": f"{world.url}/stripe"}
    return stripe.StripeClient(
        "sk_test_simulator", max_network_retries=0, http_client=http, base_addresses=base
    )


@pytest.fixture
def client(world: Gateways) -> stripe.StripeClient:
    return client_of(world)


@pytest.fixture
def hasty(world: Gateways) -> stripe.StripeClient:
    """One that waits half a second for an answer."""
    return client_of(world, timeout=0.5)


@pytest.fixture
def receiver(world: Gateways) -> Iterator[Receiver]:
    """Where Stripe's callbacks go."""
    yield from listening(world, "stripe")


def listening(world: Gateways, provider: str) -> Iterator[Receiver]:
    """Where a gateway's callbacks go."""
    found = Receiver()
    world.configure(provider, webhook_url=found.url)
    yield found
    found.close()
