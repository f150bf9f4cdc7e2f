"""Subscriptions that are collected through gateways: what a sheet does not take is refused before any attempt, and a
rail that can't pull asks its payer with one link at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from billing import cycle, stop, subscribe, trigger, watch
from billing.models import Plan, Subscription
from engine.core import clock
from engine.core.errors import Refusal
from engine.outbox.models import Event
from engine.providers import registry
from payments import methods, switches
from payments.models import Attempt, Payment, PaymentMethod
from payments.pipeline import apply, evidence, verify
from payments.pipeline.evidence import Said
from payments.pipeline.lanes import Lane
from payments.pipeline.mark_sent import mark_sent
from payments.pipeline.take import payables, take
from tests.billing.test_verbs import refused
from tests.billing.world import World, invoices, make_world
from tests.payments.gateway import ACTION, LINK, LINK_EXPIRED, Gateway, Links
from tests.payments.scripted import paid

LANE = Lane("charge", "links")


@pytest.fixture
def gateways(db: None, spans: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    both = {"gateway": "tests.payments.gateway.Gateway", "links": "tests.payments.gateway.Links"}
    monkeypatch.setattr(settings, "PROVIDERS", both)
    registry.get.cache_clear()
    switches.seed()
    yield make_world()
    registry.get.cache_clear()


def links() -> Links:
    found = registry.get("links")
    assert isinstance(found, Links)
    return found


def card(world: World, provider: str = "gateway", **changes: Any) -> PaymentMethod:
    values = {"provider": provider, "currency": "USD", "details": {"source": "tok_1", "email": "a@b.example"}}
    return world.method(world.customer(), **{**values, **changes})


def plan(world: World, **changes: Any) -> Plan:
    return world.another_plan(**{"price_minor": 1999, "currency": "USD", **changes})


def joined(world: World, provider: str = "gateway", **changes: Any) -> Subscription:
    method = card(world, provider)
    made = subscribe.subscribe(
        customer_id=method.customer_id, plan_id=plan(world).pk, method_id=method.pk, **changes
    )
    cycle.finalize()
    return made


def payment_for(subscription: Subscription) -> Payment:
    return Payment.objects.filter(source_id=invoices(subscription)[0].pk).latest("no")


def work() -> None:
    """Send, look up, apply, as the workers would."""
    at = clock.machine_now()
    for one in mark_sent(links(), payables(take(*LANE, most=50), "charge", machine_at=at), None, free=50)[0]:
        send, reply = one.sendable, links().submit(one.sendable)
        evidence.store([Said(send.attempt_id, send.payment_id, send.send_no, "reply", reply)])
    _apply()
    Payment.objects.filter(state="in_flight", parked_at=None).update(next_action_at=clock.machine_now())
    verify.verify(LANE)
    _apply()


def _apply() -> None:
    while apply.apply():
        pass


def test_a_charge_carries_what_the_gateway_named_of_the_card(gateways: World) -> None:
    payment = payment_for(joined(gateways))
    assert (payment.provider, payment.settlement, payment.currency, payment.amount_minor) == (
        "gateway", "platform", "USD", 1999,
    )  # fmt: skip
    assert payment.instructions == {"source": "tok_1", "email": "a@b.example", "payee": "ada-wallet"}


@pytest.mark.parametrize(
    ("price", "currency", "code"),
    [
        (49, "USD", "below_minimum"),
        (100_000_000, "USD", "above_maximum"),
        (500, "KES", "currency_not_supported"),
    ],
)
def test_what_the_sheet_does_not_take_is_refused_when_it_is_agreed(
    gateways: World, price: int, currency: str, code: str
) -> None:
    method = card(gateways, currency=currency)
    wanted = plan(gateways, price_minor=price, currency=currency)

    def join() -> None:
        subscribe.subscribe(customer_id=method.customer_id, plan_id=wanted.pk, method_id=method.pk)

    assert refused(join)[:2] == (code, "method")
    made = subscribe.subscribe(customer_id=method.customer_id, plan_id=wanted.pk, method_id=None)
    assert refused(lambda: stop.change_method(made.pk, method_id=method.pk))[:2] == (code, "method")


def test_who_names_no_method_is_collected_from_the_default(gateways: World) -> None:
    method = card(gateways)
    methods.make_default(method.pk)
    wanted, other = plan(gateways), plan(gateways, currency="NGN", name="Naira")

    def join(plan_id: UUID) -> UUID | None:
        return subscribe.subscribe(customer_id=method.customer_id, plan_id=plan_id, method_id=None).method_id

    assert (join(wanted.pk), join(other.pk)) == (method.pk, None)


def test_gateways_are_not_asked_before_the_due_date(gateways: World) -> None:
    method = card(gateways)
    subscribe.subscribe(
        customer_id=method.customer_id, plan_id=plan(gateways).pk, method_id=method.pk,
        anchor_at=clock.business_now(gateways.clock_id) + timedelta(hours=1),
    )  # fmt: skip
    assert watch._watch(gateways.clock_id, float("inf")) == {}
    gateway = registry.get("gateway")
    assert isinstance(gateway, Gateway) and gateway.called == []


def test_a_rail_that_can_t_pull_asks_its_payer_with_a_link_and_says_so_once(gateways: World) -> None:
    subscription = joined(gateways, "links")
    payment = payment_for(subscription)
    links().replies[payment.pk] = [LINK]
    links().looks[payment.pk] = [LINK]
    work()
    work()
    payment.refresh_from_db()
    assert (payment.state, payment.waiting) == ("in_flight", "payer")
    assert Attempt.objects.get(payment=payment).state == "pending"
    (event,) = Event.objects.filter(type="payment.action_needed", object_id=payment.pk)
    assert event.payload["action"] == ACTION and event.payload["source"] == [
        "invoice",
        str(payment.source_id),
    ]


def test_nobody_gets_a_second_link_while_one_is_open(gateways: World) -> None:
    subscription = joined(gateways, "links")
    payment = payment_for(subscription)
    links().replies[payment.pk] = [LINK]
    links().looks[payment.pk] = [LINK]
    work()
    assert refused(lambda: trigger.trigger(subscription.pk))[0] == "payment_under_way"
    stop.set_auto_pay(subscription.pk, on=False)
    stop.set_auto_pay(subscription.pk, on=True)
    work()
    assert Payment.objects.count() == Attempt.objects.count() == len(links().sent) == 1


def test_a_link_that_was_paid_pays_the_invoice(gateways: World) -> None:
    subscription = joined(gateways, "links")
    payment = payment_for(subscription)
    links().replies[payment.pk] = [LINK]
    links().looks[payment.pk] = [LINK, paid(gross_minor=1999, currency="USD")]
    work()
    work()
    assert invoices(subscription)[0].state == "paid"
    payment.refresh_from_db()
    assert (payment.state, payment.waiting) == ("succeeded", "")


def test_a_link_that_expired_fails_the_payment_and_asking_again_makes_a_fresh_one(gateways: World) -> None:
    subscription = joined(gateways, "links")
    first = payment_for(subscription)
    links().replies[first.pk] = [LINK]
    links().looks[first.pk] = [LINK, LINK_EXPIRED]
    work()
    work()
    first.refresh_from_db()
    (invoice,) = invoices(subscription)
    assert (first.state, first.failure_class, first.waiting) == ("failed", "payer_action_needed", "")
    assert (invoice.state, invoice.failure_class, invoice.collecting_minor) == (
        "open",
        "payer_action_needed",
        0,
    )
    trigger.trigger(subscription.pk)
    second = payment_for(subscription)
    links().replies[second.pk] = [LINK]
    links().looks[second.pk] = [LINK]
    work()
    assert (second.no, len({one.identity for one in links().sent})) == (2, 2)
    assert Event.objects.filter(type="payment.action_needed").count() == 2


def test_an_open_link_is_no_unknown_however_long_its_payer_takes(
    gateways: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = payment_for(joined(gateways, "links"))
    links().replies[payment.pk] = [LINK]
    links().looks[payment.pk] = [LINK]
    work()
    monkeypatch.setattr(settings.ENV, "park_unknown_seconds", 0)
    work()
    work()
    payment.refresh_from_db()
    assert (payment.state, payment.parked_at) == ("in_flight", None)


def test_a_link_of_a_removed_method_goes_on_to_its_end(gateways: World) -> None:
    subscription = joined(gateways, "links")
    payment = payment_for(subscription)
    links().replies[payment.pk] = [LINK]
    links().looks[payment.pk] = [LINK, paid(gross_minor=1999, currency="USD")]
    work()
    assert subscription.method_id is not None
    methods.remove(subscription.method_id)
    work()
    assert invoices(subscription)[0].state == "paid"


def test_a_method_that_can_t_be_used_is_named(gateways: World) -> None:
    method = card(gateways, state="pending")
    with pytest.raises(Refusal) as found:
        subscribe.subscribe(customer_id=method.customer_id, plan_id=plan(gateways).pk, method_id=method.pk)
    assert (found.value.code, found.value.param) == ("method_not_active", "method")
