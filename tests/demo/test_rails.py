"""The demo's payers at the gateways: set up as any payer, once, and compared with what the gateways say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from django.conf import settings

from billing import customers, plans
from billing.models import Plan, Subscription
from config import gateways as config
from engine.core import clock
from engine.core.ids import uuid7
from engine.core.models import Clock
from engine.providers import registry
from engine.providers.edge import tokens
from payments.models import Payment, PaymentMethod
from sandbox.demo import cast, environment, rails
from sandbox.gateways.control import Gateways

PAYERS = tuple(each for each in cast.SUBSCRIBERS if each.rail)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateways]:
    """The simulator of a run, and the product that uses it."""
    with Gateways.start() as found:
        port = int(found.url.rpartition(":")[2])
        values = environment.gateways({"GATEWAYS_PORT": port, "WEB_PORT": 9})
        for name, value in {**values, rails.ADDRESS: found.url}.items():
            monkeypatch.setenv(name, value)
        typed = config.Gateways(**{name.lower(): value for name, value in values.items()}).model_dump()  # type: ignore[arg-type]
        env = settings.ENV.model_copy(update=typed)
        monkeypatch.setattr(settings, "ENV", env)
        monkeypatch.setattr(settings, "PROVIDERS", config.adapters(env))
        monkeypatch.setattr(cast, "SUBSCRIBERS", PAYERS)
        registry.get.cache_clear()
        rails.rail.cache_clear()
        yield found
        rails.rail.cache_clear()


@pytest.fixture
def no_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own transaction stands in for none where an access token is fetched."""
    monkeypatch.setattr(tokens, "sql", SimpleNamespace(outside_transaction=lambda: True))


def test_each_sets_a_method_up_once(db: None, world: Gateways, no_transaction: None) -> None:
    sold, clock_id = _sold(), _clock()
    rails.call_us()
    made = [rails.subscriber(each, *sold[each.plan], clock_id) for each in PAYERS]
    again = [rails.subscriber(each, *sold[each.plan], clock_id) for each in PAYERS]
    assert (made, again) == ([1] * len(PAYERS), [0] * len(PAYERS))
    assert Subscription.objects.count() == len(PAYERS)
    assert {each.state for each in PaymentMethod.objects.all()} == {"active"}
    assert {each.provider for each in PaymentMethod.objects.all()} == {
        "stripe",
        "paystack",
        "flutterwave",
        "ipaymu",
    }
    assert list(rails.differences()) == []
    assert Payment.objects.filter(source_kind="payment_method", amount_minor=5_000).count() == 2


def test_what_a_set_up_moved_and_is_not_in_our_books_is_told(
    db: None, world: Gateways, no_transaction: None
) -> None:
    sold, clock_id = _sold(), _clock()
    (payer,) = [each for each in PAYERS if each.name == "Sade Card"]
    rails.subscriber(payer, *sold[payer.plan], clock_id)
    one = Payment.objects.get(source_kind="payment_method")
    booked = dict(one.instructions["charge"])
    _refund(world, booked["identity"], f"{one.pk.hex}-00000000")
    assert [each.sentence for each in rails.differences()] == [], "on its way"
    _end(one, "failed")
    (returned,) = rails.differences()
    assert (returned.kind, returned.memo) == (
        "setup",
        one.source_id.hex,
    ) and "gave back [5000]" in returned.sentence
    Payment.objects.filter(pk=one.pk).update(instructions={"charge": {**booked, "movement_id": "another"}})
    said = sorted(each.sentence for each in rails.differences())
    assert len(said) == 2 and "is not booked" in said[0] and "has no such charge" in said[1]


def test_money_that_no_payment_of_ours_knows_is_told(db: None, world: Gateways) -> None:
    kept = world.do("paystack", "authorize", email="ada@example.com")
    body = {"email": "ada@example.com", "amount": 10000, "currency": "NGN", "reference": f"{uuid7().hex}-00000000",
            "authorization_code": kept["authorization_code"]}  # fmt: skip
    key = {"Authorization": "Bearer sk_test_simulator"}
    url = f"{world.url}/paystack/transaction/charge_authorization"
    assert requests.post(url, json=body, headers=key, timeout=10).status_code == 200
    assert [(each.kind, each.chain_minor) for each in rails.differences()] == [("unknown_memo", 10_000)]


def _refund(world: Gateways, reference: str, note: str) -> None:
    key = {"Authorization": "Bearer sk_test_simulator"}
    body = {"transaction": reference, "merchant_note": note}
    assert (
        requests.post(f"{world.url}/paystack/refund", json=body, headers=key, timeout=10).status_code == 200
    )
    world.advance(61)


def _end(payment: Payment, state: str) -> None:
    Payment.objects.filter(pk=payment.pk).update(state="in_flight")
    Payment.objects.filter(pk=payment.pk).update(state=state)


def _clock() -> int:
    until = clock.machine_now() + timedelta(hours=1)
    return int(Clock.objects.create(kind="running", name="demo", lease_until=until).pk)


def _sold() -> dict[str, tuple[cast.Creator, Plan]]:
    found: dict[str, Any] = {}
    for each in cast.AT_GATEWAYS:
        creator = customers.create_creator(name=each.name, fee_bps=each.fee_bps)
        found[each.plan] = each, plans.create_plan(
            creator_id=creator.pk, number=1, name=each.plan, price_minor=each.price_minor, currency=each.currency,
            interval_unit="second", interval_count=20,
        )  # fmt: skip
    return found
