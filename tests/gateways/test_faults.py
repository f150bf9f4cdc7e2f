"""Each family of faults (numbers of the gateways' paper, section 9), seen by Stripe's own library."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
import stripe

from sandbox.gateways.control import ControlError, Gateways

PAID = {"amount": 2000, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True,
        "metadata": {"reference": "pay-1"}}  # fmt: skip
KEY = {"idempotency_key": "pay-1"}
HOUR = 3600


def pay(client: stripe.StripeClient, **more: Any) -> Any:
    return client.v1.payment_intents.create({**PAID, **more}, KEY)


def moved(world: Gateways) -> int:
    return len(world.ledger(kind="charge"))


def test_1_no_answer_and_nothing_done(world: Gateways, hasty: stripe.StripeClient) -> None:
    world.fault("timeout_before", count=1)
    with pytest.raises(stripe.APIConnectionError):
        pay(hasty)
    assert moved(world) == 0
    assert pay(hasty).status == "succeeded" and moved(world) == 1


def test_2_no_answer_and_all_done(world: Gateways, hasty: stripe.StripeClient) -> None:
    world.fault("timeout_after_success", count=1)
    with pytest.raises(stripe.APIConnectionError):
        pay(hasty)
    assert moved(world) == 1
    assert pay(hasty).status == "succeeded" and moved(world) == 1
    assert [each["outcome"] for each in world.requests(route="POST /payment_intents")] == ["hang", "replayed"]


def test_what_was_asked_of_a_world_is_not_done_in_the_next(
    world: Gateways, hasty: stripe.StripeClient
) -> None:
    world.fault("slow", count=1, delay_ms=700)
    with pytest.raises(stripe.APIConnectionError):
        pay(hasty)
    world.reset()
    time.sleep(0.4)
    assert moved(world) == 0 and world.requests() == []


def test_3_a_reset_after_all_was_done(world: Gateways, client: stripe.StripeClient) -> None:
    world.fault("reset_after_success", count=1)
    with pytest.raises(stripe.APIConnectionError):
        pay(client)
    assert moved(world) == 1


@pytest.mark.parametrize(("kind", "done", "again"), [("500_before", 0, 200), ("500_after_success", 1, 500)])
def test_4_a_500_says_nothing_of_what_was_done_and_a_key_keeps_it(
    world: Gateways, client: stripe.StripeClient, kind: str, done: int, again: int
) -> None:
    world.fault(kind, count=1)
    with pytest.raises(stripe.APIError):
        pay(client)
    assert moved(world) == done
    if again == 500:
        with pytest.raises(stripe.APIError):
            pay(client)
    else:
        assert pay(client).status == "succeeded"
    assert moved(world) == 1


@pytest.mark.parametrize("seconds", [0, 7])
def test_5_a_429_with_or_without_a_time_to_wait(
    world: Gateways, client: stripe.StripeClient, seconds: int
) -> None:
    world.fault("429", count=1, retry_after=seconds)
    with pytest.raises(stripe.RateLimitError) as refused:
        pay(client)
    assert (refused.value.headers or {}).get("Retry-After") == (str(seconds) if seconds else None)
    assert moved(world) == 0 and pay(client).status == "succeeded"


def test_6_a_slow_answer(world: Gateways, hasty: stripe.StripeClient) -> None:
    world.fault("slow", count=1, delay_ms=900)
    with pytest.raises(stripe.APIConnectionError):
        pay(hasty)
    while moved(world) == 0:
        time.sleep(0.02)  # the client is gone, the work is done all the same


def test_6_a_drip_defeats_a_naive_timeout(world: Gateways, hasty: stripe.StripeClient) -> None:
    world.fault("drip", count=1, delay_ms=1)
    begun = time.monotonic()
    assert pay(hasty).status == "succeeded"
    assert time.monotonic() - begun > 0.5, (
        "each byte came in time, and all of them took longer than the timeout"
    )


@pytest.mark.parametrize("kind", ["malformed_json", "truncated", "html_502"])
def test_7_an_answer_that_can_not_be_read(world: Gateways, client: stripe.StripeClient, kind: str) -> None:
    world.fault(kind, count=1, when="after")
    with pytest.raises((stripe.APIError, stripe.APIConnectionError)):
        pay(client)
    assert moved(world) == 1


def test_7_a_proxy_in_front_of_it_all(world: Gateways, client: stripe.StripeClient) -> None:
    world.fault("html_502", count=1)
    with pytest.raises(stripe.APIError):
        pay(client)
    assert moved(world) == 0


def test_8_a_status_that_no_paper_names(world: Gateways, client: stripe.StripeClient) -> None:
    world.fault("unknown_status", count=1, text="contemplating")
    assert pay(client).status == "contemplating"


@pytest.mark.parametrize(
    ("kind", "found"), [("wrong_amount", (2100, "usd")), ("wrong_currency", (2000, "XXX"))]
)
def test_9_another_amount_or_currency_in_a_lookup(
    world: Gateways, client: stripe.StripeClient, kind: str, found: tuple[int, str]
) -> None:
    made = pay(client)
    world.fault(kind, route="GET /payment_intents/", amount=100)
    seen = client.v1.payment_intents.retrieve(made.id)
    assert (seen.amount, seen.currency) == found


def test_10_a_lookup_that_lags(world: Gateways, client: stripe.StripeClient) -> None:
    world.fault("lookup_404_for", seconds=60)
    made = pay(client)
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.payment_intents.retrieve(made.id)
    assert missing.value.http_status == 404 and client.v1.payment_intents.list().data == []
    world.advance(61)
    assert client.v1.payment_intents.retrieve(made.id).status == "succeeded"


def test_10_a_lookup_of_an_earlier_state(world: Gateways, client: stripe.StripeClient) -> None:
    made = client.v1.payment_intents.create({**PAID, "confirm": False})
    world.advance(100)
    client.v1.payment_intents.confirm(made.id)
    world.fault("stale_lookup", seconds=60)
    assert client.v1.payment_intents.retrieve(made.id).status == "requires_confirmation"
    world.advance(61)
    assert client.v1.payment_intents.retrieve(made.id).status == "succeeded"


def test_11_credentials_that_are_revoked(world: Gateways, client: stripe.StripeClient) -> None:
    world.fault("auth_revoked", count=1)
    with pytest.raises(stripe.AuthenticationError):
        pay(client)
    assert pay(client).status == "succeeded", "a 401 is not kept by the key"


def test_12_a_key_that_is_said_to_be_at_work(world: Gateways, client: stripe.StripeClient) -> None:
    world.fault("duplicate_key_conflict", count=1)
    with pytest.raises(stripe.StripeError) as refused:
        pay(client)
    assert refused.value.http_status == 409 and refused.value.error.code == "idempotency_key_in_use"
    assert moved(world) == 0


def test_13_a_late_reversal(world: Gateways, client: stripe.StripeClient) -> None:
    world.fault("late_reversal", route="POST /payment_intents", days=2)
    pay(client)
    world.advance(2 * 86_400 + 1)
    assert [each["kind"] for each in world.ledger(reference="pay-1")] == ["charge", "fee", "dispute", "fee"]


def test_15_a_balance_drained_in_the_middle(world: Gateways, client: stripe.StripeClient) -> None:
    world.give("stripe:platform:available", "usd", 10_000)
    world.fault("balance_drained", route="POST /payouts", nth=2)
    client.v1.payouts.create({"amount": 100, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payouts.create({"amount": 100, "currency": "usd"})
    assert refused.value.code == "balance_insufficient"
    assert world.balances()["stripe:platform:available"] == {"USD": 0}


@pytest.mark.parametrize("style", ["reset", "503"])
def test_an_outage_of_hours_and_its_end(world: Gateways, client: stripe.StripeClient, style: str) -> None:
    world.outage(5 * HOUR, "stripe", style)
    for _ in range(3):
        with pytest.raises((stripe.APIError, stripe.APIConnectionError)):
            pay(client)
        world.advance(HOUR)
    world.advance(2 * HOUR)
    assert pay(client).status == "succeeded" and moved(world) == 1


def test_rules_match_by_reference_turn_and_share(world: Gateways, client: stripe.StripeClient) -> None:
    world.fault("500_before", reference="^other$")
    assert pay(client).status == "succeeded"
    world.clear_faults()
    world.fault("500_before", route="GET /balance$", nth=2)
    said = [_status(client.v1.balance.retrieve) for _ in range(3)]
    assert said == [200, 500, 200]
    rule = world.fault("500_before", route="GET /customers$", share=0.3, seed=7)
    said = [_status(client.v1.customers.list) for _ in range(100)]
    assert 15 < said.count(500) < 45
    (fired,) = [each["fired"] for each in world.faults() if each["id"] == rule]
    assert fired == said.count(500)


def test_a_share_falls_the_same_for_the_same_seed(world: Gateways, client: stripe.StripeClient) -> None:
    runs = []
    for _ in range(2):
        world.reset()
        world.fault("500_before", share=0.5, seed=3)
        runs.append([_status(client.v1.balance.retrieve) for _ in range(20)])
    assert runs[0] == runs[1] and len(set(runs[0])) == 2


@pytest.mark.parametrize(
    "switch",
    [{"kind": "no_such"}, {"kind": "429", "share": 2}, {"kind": "429", "colour": 1},
     {"kind": "429", "provider": "square"}, {"kind": "429", "route": "("}],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused(world: Gateways, switch: dict[str, Any]) -> None:
    with pytest.raises(ControlError):
        world.fault(switch.pop("kind"), **switch)


def test_pages_and_the_panel_are_beside_the_faults(world: Gateways) -> None:
    world.outage(HOUR)
    assert world.assertions()["ok"]
    assert requests.get(f"{world.url}/stripe/pay/none", timeout=5).status_code == 404


def _status(call: Callable[[], Any]) -> int:
    try:
        call()
    except stripe.StripeError as error:
        return error.http_status or 0
    return 200
