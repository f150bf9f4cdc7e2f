"""A payment method takes over from another: all that is collected from it, at once, or nothing of it."""

from __future__ import annotations

from typing import Any

import pytest

from billing import collect, replace, stop
from billing.models import Invoice, Subscription
from engine.audit.models import Entry
from engine.core.actor import Actor, NotAllowed, Role
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from payments import methods
from payments.models import Payment, PaymentMethod
from tests.billing.test_verbs import refused
from tests.billing.world import World, end, invoices, payment_of

OLGA = Actor("olga", "user", Role.OPERATOR)


@pytest.fixture
def two(world: World) -> tuple[PaymentMethod, PaymentMethod, list[Subscription]]:
    """A customer's two methods, and two subscriptions that the first is used for; both are billed."""
    customer = world.customer()
    old = world.method(customer, details={"source": "old", "fee_wallet": "f"})
    new = world.method(customer, details={"source": "new", "fee_wallet": "f"})
    plans = (world.plan, world.another_plan())
    made = [world.subscription(customer_id=customer.id, method_id=old.pk, plan=each) for each in plans]
    world.bill()
    return old, new, made


def _state(method: PaymentMethod) -> tuple[str, bool]:
    return PaymentMethod.objects.values_list("state", "is_default").get(pk=method.pk)


def test_what_is_scheduled_is_asked_for_from_the_new_one_and_the_old_is_removed(two: Any) -> None:
    old, new, made = two
    methods.make_default(old.pk)
    found = replace.replace_method(old.pk, replacement_id=new.pk, reason="a new card", by=OLGA)
    assert (sorted(found.subscriptions), found.in_flight) == (sorted(each.pk for each in made), [])
    assert set(Subscription.objects.values_list("method_id", flat=True)) == {new.pk}
    for each in made:
        (invoice,) = invoices(each)
        newest = payment_of(invoice.pk)
        assert (newest.no, newest.state, newest.method_id) == (2, "scheduled", new.pk)
        assert newest.instructions["source"] == "new"
    assert Payment.objects.filter(state="canceled", method_id=old.pk).count() == 2
    assert (_state(old), _state(new)) == (("removed", False), ("active", True))
    (entry,) = Entry.objects.filter(verb="replace_method")
    assert (entry.actor, entry.reason, entry.object_id) == ("olga", "a new card", str(old.pk))
    assert entry.after["replacement"] == str(new.pk)


def test_what_is_in_flight_stays_and_is_asked_for_anew_only_if_it_did_not_leave(two: Any) -> None:
    old, new, (one, other) = two
    flying = payment_of(invoices(one)[0].pk)
    Payment.objects.filter(pk=flying.pk).update(state="in_flight")
    found = replace.replace_method(old.pk, replacement_id=new.pk)
    assert found.in_flight == [flying.source_id]
    flying.refresh_from_db()
    assert (flying.state, flying.method_id, flying.stop_code) == (
        "in_flight",
        old.pk,
        "payment_method_removed",
    )
    assert payment_of(invoices(other)[0].pk).method_id == new.pk
    collect.payments_changed([end(flying.source_id, "canceled")])
    assert payment_of(flying.source_id).method_id == new.pk


def test_the_next_period_is_collected_from_the_new_one(world: World, two: Any) -> None:
    old, new, made = two
    replace.replace_method(old.pk, replacement_id=new.pk)
    world.later(days=31)
    world.bill()
    newest = Payment.objects.filter(source_id__in=[invoices(each)[-1].pk for each in made])
    assert {each.method_id for each in newest} == {new.pk} and len(newest) == 2


def test_a_stopped_subscription_is_moved_and_asked_for_nothing_and_an_ended_one_stays(two: Any) -> None:
    old, new, (one, other) = two
    collect.payments_changed([end(invoices(one)[0].pk, "succeeded")])
    stop.pause(one.pk)
    stop.cancel(other.pk)
    found = replace.replace_method(old.pk, replacement_id=new.pk)
    assert found.subscriptions == [one.pk]
    assert not Payment.objects.filter(method_id=new.pk).exists()
    other.refresh_from_db()
    assert other.method_id == old.pk


def test_what_nobody_uses_is_replaced_too(world: World) -> None:
    customer = world.customer()
    old, new = world.method(customer), world.method(customer)
    assert replace.replace_method(old.pk, replacement_id=new.pk) == ([], [])
    assert _state(old) == ("removed", False)


def test_all_of_it_is_refused_or_nothing(world: World, two: Any) -> None:
    old, new, _ = two
    stranger = world.method(world.customer())
    customer = old.customer_id
    pending = PaymentMethod.objects.create(
        id=uuid7(),
        customer_id=customer,
        provider="direct",
        currency="USDC",
        state="pending",
        created_at=old.created_at,
    )
    poor = PaymentMethod.objects.create(
        id=uuid7(),
        customer_id=customer,
        provider="direct",
        currency="SOL",
        state="active",
        created_at=old.created_at,
    )
    unusable = dict.fromkeys((old.pk, stranger.pk, pending.pk), "replacement_not_active")
    for wrong, code in {**unusable, poor.pk: "currency_mismatch"}.items():
        found = refused(lambda wrong=wrong: replace.replace_method(old.pk, replacement_id=wrong))
        assert found[:2] == (code, "method"), wrong
    found = refused(lambda: replace.replace_method(uuid7(), replacement_id=new.pk))
    assert found[:2] == ("payment_method_unknown", "payment_method")
    with pytest.raises(NotAllowed):
        replace.replace_method(old.pk, replacement_id=new.pk, by=Actor("vera", "user", Role.VIEWER))
    methods.remove(old.pk)
    with pytest.raises(Refusal, match="removed"):
        replace.replace_method(old.pk, replacement_id=new.pk)


def test_who_subscribes_with_it_meanwhile_is_not_left_behind(
    world: World, two: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, _ = two
    remove = methods.remove

    def late(method_id: Any, **more: Any) -> None:
        plan = world.another_plan(name="Late")
        world.subscription(customer_id=old.customer_id, method_id=old.pk, plan=plan)
        remove(method_id, **more)

    monkeypatch.setattr(methods, "remove", late)
    with pytest.raises(Refusal) as found:
        replace.replace_method(old.pk, replacement_id=new.pk)
    assert found.value.code == "method_in_use"
    assert _state(old) == ("active", False)
    assert Invoice.objects.count() == 2
