"""The adapter against the simulator over real HTTP; each test has a new world, closed breakers and full buckets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from django.conf import settings
from pydantic import SecretStr

from engine.providers import registry
from engine.providers.stripe.provider import Stripe
from sandbox.gateways.control import Gateways
from tests.edge.conftest import _fresh  # noqa: F401
from tests.stripe import published
from tests.stripe.shop import SECRET, Shop


@pytest.fixture(scope="package")
def served() -> Iterator[Gateways]:
    with Gateways.start() as gateways:
        yield gateways


@pytest.fixture
def world(served: Gateways) -> Iterator[Gateways]:
    """A world in which nothing has happened yet. All that it is asked by us is as Stripe has published it."""
    served.reset()
    yield served
    assert served.status()["bugs"] == 0
    assert published.faults(served.requests()) == []


@pytest.fixture
def configured(request: pytest.FixtureRequest, world: Gateways, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe is on, and is the simulator: ten seconds for an answer, and one where a test waits a timeout out."""
    values: dict[str, Any] = {
        "stripe_secret_key": SecretStr("sk_test_simulator"),
        "stripe_webhook_secrets": [SecretStr(SECRET)],
        "stripe_api_base": f"{world.url}/stripe",
        "stripe_calls_per_second": 1000,
        "send_deadline_seconds": 1.0 if _waits_one_out(request) else 10.0,
        "livemode": False,
    }
    for name, value in values.items():
        monkeypatch.setattr(settings.ENV, name, value)
    monkeypatch.setattr(settings, "PROVIDERS", {"stripe": "engine.providers.stripe.provider.Stripe"})
    registry.get.cache_clear()


def _waits_one_out(request: pytest.FixtureRequest) -> bool:
    variant = getattr(request.node, "callspec", None)
    kind = variant.params.get("kind", "") if variant else ""
    return str(kind).startswith("timeout") or kind == "drip"


@pytest.fixture
def shop(db: None, configured: None, world: Gateways) -> Shop:
    """The provider, and Stripe's own library beside it as a payer's browser or an operator would use it."""
    provider = registry.get("stripe")
    assert isinstance(provider, Stripe)
    base: Any = {"api": f"{world.url}/stripe"}
    hand = stripe.StripeClient("sk_test_simulator", max_network_retries=0, base_addresses=base)
    return Shop(provider, world, hand)
