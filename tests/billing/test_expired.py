"""What a subscription still owes when its end comes is asked for all the same; it is billed for nothing more."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from billing import collect, cycle, expire, plans, replace, resume, stop, trigger
from billing.models import Subscription
from engine.core.errors import Refusal
from payments.models import Payment
from tests.billing.world import World, end, invoices, payment_of

END = datetime(2026, 2, 28, 9, 30, tzinfo=UTC)


def owing(world: World) -> Subscription:
    """Its only period failed, and its end has come."""
    made = world.subscription(ends_at=END)
    cycle.finalize()
    collect.payments_changed([end(invoices(made)[0].pk, "failed")])
    return expired(world, made)


def expired(world: World, made: Subscription) -> Subscription:
    world.at(END)
    cycle.claim(world.clock_id)
    assert expire.expire_ended(world.clock_id) == 1
    made.refresh_from_db()
    return made


def collecting(subscription: Subscription) -> int:
    return invoices(subscription)[0].collecting_minor


def test_the_trigger_asks_for_what_failed_before_the_end(world: World) -> None:
    """Whoever topped up a day late pays; it stays expired, also where its plan is off by then."""
    subscription = owing(world)
    plans.deactivate_plan(plan_id=world.plan.id)
    (invoice,) = invoices(subscription)
    assert trigger.trigger(subscription.pk).scheduled == [invoice.pk]
    collect.payments_changed([end(invoice.pk, "succeeded")])
    subscription.refresh_from_db()
    assert (subscription.state, subscription.reason, invoices(subscription)[0].state) == (
        "expired",
        "",
        "paid",
    )
    world.later(days=90)
    assert world.bill()[0].claimed == 0
    with pytest.raises(Refusal) as nothing:
        trigger.trigger(subscription.pk)
    assert (nothing.value.code, nothing.value.message) == ("not_active", "Subscription is not active")


def test_what_is_paid_by_hand_can_be_paid_after_the_end(world: World) -> None:
    subscription = world.subscription(ends_at=END, auto_pay=False)
    cycle.finalize()
    expired(world, subscription)
    assert trigger.trigger(subscription.pk).scheduled == [invoices(subscription)[0].pk]


def test_what_its_pause_left_open_can_be_asked_for_after_its_end(world: World) -> None:
    subscription = world.subscription(ends_at=END)
    cycle.finalize()
    collect.payments_changed([end(invoices(subscription)[0].pk, "failed")])
    stop.pause(subscription.pk)
    expired(world, subscription)
    with pytest.raises(Refusal):
        resume.resume(subscription.pk)
    assert trigger.trigger(subscription.pk).scheduled == [invoices(subscription)[0].pk]


@pytest.mark.parametrize(("paused", "asked"), [(False, 1000), (True, 0)])
def test_what_did_not_leave_is_asked_for_again_but_what_a_pause_called_back(
    world: World, paused: bool, asked: int
) -> None:
    subscription = world.subscription(ends_at=END)
    cycle.finalize()
    (invoice,) = invoices(subscription)
    if paused:
        collect.payments_changed([end(invoice.pk, "failed")])
        trigger.trigger(subscription.pk)
        Payment.objects.filter(state="scheduled").update(state="in_flight")
        assert stop.pause(subscription.pk).in_flight == [invoice.pk]
    expired(world, subscription)
    code = "subscription_paused" if paused else "method_changed"
    collect.payments_changed([end(invoice.pk, "canceled", failure_code=code)])
    assert collecting(subscription) == asked


def test_it_can_be_given_another_method_while_it_owes(world: World) -> None:
    subscription = owing(world)
    other = world.method(subscription.customer)
    stop.change_method(subscription.pk, method_id=other.pk)
    assert payment_of(invoices(subscription)[0].pk).method_id == other.pk
    third = world.method(subscription.customer)
    found = replace.replace_method(other.pk, replacement_id=third.pk)
    assert (found.subscriptions, collecting(subscription)) == ([subscription.pk], 1000)
    collect.payments_changed([end(invoices(subscription)[0].pk, "succeeded")])
    with pytest.raises(Refusal, match="not active"):
        stop.change_method(subscription.pk, method_id=world.method(subscription.customer).pk)
