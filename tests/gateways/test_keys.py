"""Idempotency keys as Stripe keeps them, and the client that does not use them."""

import threading
import time

import pytest
import stripe

from sandbox.gateways.control import Gateways
from tests.gateways.conftest import client_of

PAID = {"amount": 2000, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True,
        "metadata": {"reference": "pay-1"}}  # fmt: skip
KEY = {"idempotency_key": "pay-1"}


def test_a_key_gets_its_first_answer_again_and_it_says_so(
    world: Gateways, client: stripe.StripeClient
) -> None:
    first = client.v1.payment_intents.create(PAID, KEY)
    again = client.v1.payment_intents.create(PAID, KEY)
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert len(world.ledger(kind="charge")) == 1


def test_a_key_keeps_a_refusal_by_the_issuer(world: Gateways, client: stripe.StripeClient) -> None:
    world.decide("stripe", "pay-1", outcome="declined", decline_code="do_not_honor", times=1)
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refused:
            client.v1.payment_intents.create(PAID, KEY)
        assert refused.value.error.decline_code == "do_not_honor"
    assert client.v1.payment_intents.create(PAID).status == "succeeded"


def test_a_key_does_not_keep_what_was_refused_before_the_work(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.create({"currency": "usd"}, KEY)
    assert client.v1.payment_intents.create(PAID, KEY).status == "succeeded"


def test_other_parameters_under_the_same_key_are_an_error(client: stripe.StripeClient) -> None:
    client.v1.payment_intents.create(PAID, KEY)
    with pytest.raises(stripe.IdempotencyError):
        client.v1.payment_intents.create({**PAID, "amount": 2001}, KEY)


def test_a_key_at_work_is_a_conflict(world: Gateways) -> None:
    world.fault("slow", count=1, delay_ms=600)
    first = threading.Thread(target=lambda: client_of(world).v1.payment_intents.create(PAID, KEY))
    first.start()
    while not world.requests():
        time.sleep(0.01)
    with pytest.raises(stripe.StripeError) as refused:
        client_of(world).v1.payment_intents.create(PAID, KEY)
    assert refused.value.http_status == 409
    first.join()
    assert len(world.ledger(kind="charge")) == 1


def test_a_key_of_yesterday_runs_anew(world: Gateways, client: stripe.StripeClient) -> None:
    client.v1.payment_intents.create(PAID, KEY)
    world.advance(86_399)
    client.v1.payment_intents.create(PAID, KEY)
    assert world.assertions()["ok"]
    world.advance(1)
    client.v1.payment_intents.create(PAID, KEY)
    assert world.assertions()["doubles"][0]["times"] == 2


def test_a_key_belongs_to_an_account(world: Gateways, client: stripe.StripeClient) -> None:
    account = client.v1.accounts.create({"type": "custom"}).id
    one = client.v1.customers.create({}, KEY)
    other = client.v1.customers.create({}, {**KEY, "stripe_account": account})
    assert one.id != other.id


def test_a_client_that_makes_a_new_key_on_each_retry_is_seen_paying_twice(
    world: Gateways, hasty: stripe.StripeClient
) -> None:
    """Without this the books would be blind: this is the fault that they are there to show."""
    world.fault("timeout_after_success", count=1)
    for attempt in range(2):
        try:
            hasty.v1.payment_intents.create(PAID, {"idempotency_key": f"pay-1-try-{attempt}"})
        except stripe.APIConnectionError:
            continue  # "it failed", and once more
    seen = world.assertions()
    assert not seen["ok"]
    (double,) = seen["doubles"]
    assert (double["kind"], double["reference"], double["times"]) == ("charge", "pay-1", 2)
    assert [each["key"] for each in world.ledger(kind="charge")] == ["pay-1-try-0", "pay-1-try-1"]
