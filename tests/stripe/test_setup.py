"""How a card is had: at Stripe's fields, by a secret for the browser; a number never comes here."""

from __future__ import annotations

import pytest
import requests

from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.providers.abilities import Payer, SetupAsked
from engine.providers.base import Outcome, ProviderUnavailable
from tests.stripe.shop import Shop


def ask(shop: Shop, reference: str = "set-1") -> SetupAsked:
    payer = Payer(uuid7(), "Ada", "ada@example.com")
    return shop.provider.ask_setup(
        payer=payer, currency="USD", return_url="https://us.example/back", reference=reference, options={}
    )


def fill_in(shop: Shop, asked: SetupAsked, card: str = "pm_card_visa") -> None:
    """What the payer's browser does with the secret."""
    url = f"{shop.world.url}/stripe/pay/{asked.client_secret}"
    requests.post(url, data={"do": "card", "card": card}, timeout=5)


def test_a_card_is_set_up_and_can_be_charged(shop: Shop) -> None:
    asked = ask(shop)
    assert (asked.kind, asked.url) == ("hosted_fields", "")
    assert asked.client_secret.startswith("seti_") and asked.client_secret not in repr(asked)
    waiting = shop.provider.find_setup(asked.details)
    assert (waiting.granted, waiting.code) == (False, "requires_payment_method")
    fill_in(shop, asked)
    found = shop.provider.find_setup(asked.details)
    assert found.granted and found.details["source"] == found.details["payment_method"]
    assert dict(found.label) == {"brand": "visa", "last4": "4242", "exp_month": 8, "exp_year": 2034}
    assert shop.send(shop.prepare(**found.details)).outcome is Outcome.SUCCEEDED


def test_a_card_that_asks_its_holder_once_is_not_asked_when_it_is_charged(shop: Shop) -> None:
    asked = ask(shop)
    fill_in(shop, asked, "pm_card_authenticationRequired")
    assert shop.provider.find_setup(asked.details).code == "requires_action"
    shop.world.do("stripe", "authenticate", intent=asked.details["setup_intent"], agrees=True)
    found = shop.provider.find_setup(asked.details)
    assert shop.send(shop.prepare(**found.details)).outcome is Outcome.SUCCEEDED


def test_a_refused_card_says_why(shop: Shop) -> None:
    asked = ask(shop)
    fill_in(shop, asked, "pm_card_chargeDeclinedExpiredCard")
    found = shop.provider.find_setup(asked.details)
    assert (found.granted, found.code, found.message) == (False, "expired_card", "Your card has expired.")


def test_asked_twice_it_is_one_setup(shop: Shop) -> None:
    payer = Payer(uuid7(), "Ada", "ada@example.com")
    again = {"payer": payer, "currency": "USD", "return_url": "", "reference": "set-2", "options": {}}
    first, second = (shop.provider.ask_setup(**again) for _ in range(2))
    assert first.details == second.details and first.client_secret == second.client_secret
    assert len(shop.hand.v1.setup_intents.list().data) == 1


def test_another_payer_under_the_same_reference_is_refused(shop: Shop) -> None:
    ask(shop)
    with pytest.raises(Refusal) as refused:
        ask(shop)
    assert refused.value.code == "setup_refused"


def test_a_forgotten_card_is_not_charged_and_forgetting_it_twice_is_well(shop: Shop) -> None:
    asked = ask(shop)
    fill_in(shop, asked)
    found = shop.provider.find_setup(asked.details)
    for _ in range(2):
        shop.provider.forget_setup(found.details)
    assert shop.send(shop.prepare(**found.details)).outcome is Outcome.DECLINED
    shop.provider.forget_setup({})


@pytest.mark.parametrize("route", ["POST /customers", "POST /setup_intents"])
def test_a_stripe_that_is_away_can_be_asked_again(shop: Shop, route: str) -> None:
    payer = Payer(uuid7(), "Ada", "ada@example.com")
    again = {"payer": payer, "currency": "USD", "return_url": "", "reference": "set-3", "options": {}}
    shop.world.fault("reset_after_success", route=route, count=1)
    with pytest.raises(ProviderUnavailable):
        shop.provider.ask_setup(**again)
    shop.provider.ask_setup(**again)
    assert len(shop.hand.v1.customers.list().data) == 1
    assert len(shop.hand.v1.setup_intents.list().data) == 1


def test_a_card_number_never_comes_to_us(shop: Shop) -> None:
    asked = ask(shop)
    fill_in(shop, asked)
    found = shop.provider.find_setup(asked.details)
    assert "4242424242424242" not in f"{asked} {found}"


def test_a_set_up_of_the_other_mode_is_none(shop: Shop) -> None:
    asked = ask(shop)
    shop.world.fault("unknown_status", route="GET /setup_intents", count=1)
    assert shop.provider.find_setup(asked.details).granted is False
    shop.world.configure("stripe", livemode=True)
    with pytest.raises(ProviderUnavailable):
        ask(shop, "set-live")
