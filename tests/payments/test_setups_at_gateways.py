"""Set-ups at the gateways themselves, over real HTTP: the payer gives a card there, and we only ever see its label."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from django.conf import settings
from pydantic import SecretStr

from engine.core import cards
from engine.core.ids import uuid7
from engine.providers import registry
from engine.providers.abilities import Payer
from engine.providers.base import Payable
from payments import methods
from payments.models import PaymentMethod
from sandbox.gateways.control import Gateways
from tests.edge.conftest import _fresh  # noqa: F401
from tests.gateways.conftest import served, world  # noqa: F401
from tests.ipaymu import shop as ipaymu
from tests.paystack import desk as paystack

CARD = {"stripe": "pm_card_visa", "paystack": paystack.GOOD}
CURRENCY = {"stripe": "USD", "paystack": "NGN", "ipaymu": "IDR"}


@pytest.fixture
def gateways(db: None, world: Gateways, spans: None, monkeypatch: pytest.MonkeyPatch) -> Gateways:  # noqa: F811
    """Three gateways are on, and are the simulator."""
    values: dict[str, Any] = {
        "stripe_secret_key": SecretStr("sk_test_simulator"), "stripe_webhook_secrets": [SecretStr("whsec_1")],
        "stripe_api_base": f"{world.url}/stripe", "stripe_calls_per_second": 1000,
        "paystack_secret_key": SecretStr("sk_test_simulator"), "paystack_url": f"{world.url}/paystack",
        "paystack_calls_per_second": 1000, "ipaymu_va": ipaymu.VA, "ipaymu_api_key": SecretStr(ipaymu.KEY),
        "ipaymu_url": f"{world.url}/ipaymu", "ipaymu_calls_per_second": 1000.0,
        "public_url": "http://us.example", "send_deadline_seconds": 10.0, "livemode": False,
        "verify_first_seconds": 60,
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setattr(settings.ENV, name, value)
    names = {name: f"engine.providers.{name}.provider.{name.capitalize()}" for name in CURRENCY}
    monkeypatch.setattr(settings, "PROVIDERS", names)
    registry.get.cache_clear()
    world.give(paystack.AVAILABLE, "NGN", 1_000)
    return world


def begin(provider: str) -> tuple[methods.Begun, PaymentMethod]:
    payer = Payer(uuid7(), "Ada Okafor", paystack.EMAIL, "+2348012345678")
    begun = methods.begin(
        payer=payer, currency=CURRENCY[provider], provider=provider, return_url="https://us.example/"
    )
    kept = {"customer_id": payer.customer_id, "currency": CURRENCY[provider], "provider": provider}
    return begun, methods.keep_setup(begun, **kept)


def give_card(gateways: Gateways, provider: str, begun: methods.Begun) -> None:
    """What the payer's browser does, with the gateway alone."""
    url = begun.asked.url or f"{gateways.url}/stripe/pay/{begun.asked.client_secret}"
    requests.post(url, data={"do": "card", "card": CARD[provider]}, timeout=5, allow_redirects=False)


@pytest.mark.parametrize("provider", CARD)
def test_a_card_that_is_given_to_a_gateway_is_used_and_at_last_forgotten(
    gateways: Gateways, provider: str
) -> None:
    begun, made = begin(provider)
    assert made.state == "pending"
    give_card(gateways, provider, begun)
    assert methods.setup_may_be_done(begun.method_id.hex)
    assert methods.work(seconds=10)["looked_at"] == 1
    made.refresh_from_db()
    assert (made.state, made.label["brand"], len(made.label["last4"])) == ("active", "visa", 4)
    assert made.label["exp_year"] >= 2030 and made.details["source"]
    assert not cards.holds(json.dumps([made.details, made.label, made.setup_url]))
    gateway = registry.get(provider)
    payable = Payable(uuid7(), "charge", 100_000, 0, made.currency, made.details)
    (prepared,) = gateway.prepare([payable], gateway.context([payable]))
    assert prepared.payment_id == payable.payment_id
    methods.remove(made.pk)
    assert methods.work(seconds=10) == {"looked_at": 0, "forgotten": 1, "unanswered": 0}


@pytest.mark.parametrize("provider", CARD)
def test_who_has_not_given_a_card_yet_is_waited_for(gateways: Gateways, provider: str) -> None:
    _, made = begin(provider)
    assert methods.setup_may_be_done(made.pk.hex)
    assert methods.work(seconds=10)["looked_at"] == 1
    made.refresh_from_db()
    assert (made.state, bool(made.check_code), made.next_action_at is not None) == ("pending", True, True)


def test_a_payer_of_links_is_usable_at_once(gateways: Gateways) -> None:
    _, made = begin("ipaymu")
    assert (made.state, made.setup_kind, made.label) == ("active", "none", {"channel": "page"})
