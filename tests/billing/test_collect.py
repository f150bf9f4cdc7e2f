from __future__ import annotations

import pytest
from django.db import transaction

from billing import collect, cycle, stop
from billing.models import Invoice, Subscription
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.outbox.models import Event
from payments.models import Payment
from tests.billing.world import START, World, end, invoices, payment_of, rows_everywhere


@pytest.fixture
def subscription(world: World) -> Subscription:
    made = world.subscription()
    cycle.finalize()
    return made


def _counters(subscription: Subscription, n: int = 0) -> tuple[str, int, int, int]:
    invoice = invoices(subscription)[n]
    return invoice.state, invoice.due_minor, invoice.collecting_minor, invoice.collected_minor


def test_success_pays_the_invoice_and_activates_the_subscription(
    world: World, subscription: Subscription
) -> None:
    (invoice,) = invoices(subscription)
    collect.payments_changed([end(invoice.pk, "succeeded")])
    assert _counters(subscription) == ("paid", 1000, 0, 1000)
    subscription.refresh_from_db()
    assert (subscription.state, subscription.payments_made, subscription.last_payment_at) == (
        "active",
        1,
        START,
    )
    paid = Event.objects.get(type="invoice.paid")
    assert (paid.payload["payment_number"], paid.payload["plan_number"]) == (1, 1)
    assert Event.objects.filter(type="subscription.activated", object_id=subscription.pk).count() == 1


def test_failure_leaves_a_visible_debt_with_its_true_reason(world: World, subscription: Subscription) -> None:
    (invoice,) = invoices(subscription)
    collect.payments_changed([end(invoice.pk, "failed")])
    assert _counters(subscription) == ("open", 1000, 0, 0)
    invoice.refresh_from_db()
    assert (invoice.reason_code, invoice.failure_class, invoice.first_failed_at) == (
        "balance_too_small", "insufficient_funds", START,
    )  # fmt: skip
    subscription.refresh_from_db()
    assert (subscription.state, subscription.reason_code, subscription.payments_failed) == (
        "past_due", "balance_too_small", 1,
    )  # fmt: skip
    assert set(Event.objects.filter(type__in=["invoice.payment_failed", "subscription.past_due"]).values_list(
        "type", flat=True)) == {"invoice.payment_failed", "subscription.past_due"}  # fmt: skip


def test_a_payment_that_did_not_leave_after_a_stop_takes_its_reservation_off_and_nothing_else(
    world: World, subscription: Subscription
) -> None:
    (invoice,) = invoices(subscription)
    Payment.objects.update(state="in_flight")
    stop.cancel(subscription.pk)
    collect.payments_changed([end(invoice.pk, "canceled")])
    assert _counters(subscription) == ("open", 1000, 0, 0)
    assert Payment.objects.count() == 1
    subscription.refresh_from_db()
    assert (subscription.state, subscription.payments_failed) == ("canceled", 0)
    assert not Event.objects.filter(type__startswith="invoice.pa").exists()


def test_one_that_is_still_billed_is_asked_again(world: World, subscription: Subscription) -> None:
    """Paused and resumed, or given another method, while its payment was on its way and did not leave."""
    (invoice,) = invoices(subscription)
    collect.payments_changed([end(invoice.pk, "canceled")])
    assert _counters(subscription) == ("open", 1000, 1000, 0)
    assert payment_of(invoice.pk).no == 2
    subscription.refresh_from_db()
    assert (subscription.state, subscription.payments_failed) == ("incomplete", 0)
    assert not Event.objects.filter(type__startswith="invoice.pa").exists()


def test_paying_one_debt_of_two_leaves_it_past_due(world: World, subscription: Subscription) -> None:
    collect.payments_changed([end(invoices(subscription)[0].pk, "failed")])
    world.later(days=28)
    world.bill()
    first, second = invoices(subscription)
    collect.payments_changed([end(second.pk, "succeeded")])
    subscription.refresh_from_db()
    assert (subscription.state, subscription.reason_code) == ("past_due", "balance_too_small")
    assert first.first_failed_at == START


def test_paying_the_last_debt_makes_it_active_again(world: World, subscription: Subscription) -> None:
    from billing import trigger

    (invoice,) = invoices(subscription)
    collect.payments_changed([end(invoice.pk, "failed")])
    trigger.trigger(subscription.pk)
    collect.payments_changed([end(invoice.pk, "succeeded")])
    subscription.refresh_from_db()
    assert (subscription.state, subscription.reason, subscription.payments_made) == ("active", "", 1)
    assert _counters(subscription) == ("paid", 1000, 0, 1000)


def test_a_second_failure_keeps_the_first_ones_day(world: World, subscription: Subscription) -> None:
    from billing import trigger

    (invoice,) = invoices(subscription)
    collect.payments_changed([end(invoice.pk, "failed")])
    world.later(days=2)
    trigger.trigger(subscription.pk)
    collect.payments_changed([end(invoice.pk, "failed")])
    invoice.refresh_from_db()
    subscription.refresh_from_db()
    assert (invoice.first_failed_at, subscription.payments_failed) == (START, 2)
    assert Event.objects.filter(type="subscription.past_due").count() == 1


def test_less_than_due_counts_and_stays_open(world: World, subscription: Subscription) -> None:
    (invoice,) = invoices(subscription)
    collect.payments_changed([end(invoice.pk, "succeeded", settled_minor=400)])
    assert _counters(subscription) == ("open", 1000, 0, 400)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"settled_minor": 1001}, "beyond_due"), ({"currency": "SOL"}, "currency_mismatch"),
     ({"amount_minor": 1001}, "reservation_missing"), ({"source_id": uuid7()}, "invoice_unknown")],
)  # fmt: skip
def test_what_cant_be_true_is_refused_with_nothing_written(
    world: World, subscription: Subscription, changes: dict[str, object], code: str
) -> None:
    (invoice,) = invoices(subscription)
    change = end(invoice.pk, "succeeded", **changes)
    before = rows_everywhere(), _counters(subscription)
    with pytest.raises(Refusal) as refused, transaction.atomic():
        collect.payments_changed([change])
    assert refused.value.code == code and refused.value.param
    assert (rows_everywhere(), _counters(subscription)) == before


def test_the_same_success_twice_is_refused(world: World, subscription: Subscription) -> None:
    (invoice,) = invoices(subscription)
    change = end(invoice.pk, "succeeded")
    collect.payments_changed([change])
    with pytest.raises(Refusal) as refused, transaction.atomic():
        collect.payments_changed([change])
    assert refused.value.code == "reservation_missing"
    assert _counters(subscription) == ("paid", 1000, 0, 1000)


def test_a_batch_of_many_is_worked_as_one(world: World) -> None:
    every = [world.subscription() for _ in range(6)]
    cycle.finalize()
    states = ["succeeded", "failed", "canceled"] * 2
    changes = [end(invoices(each)[0].pk, state) for each, state in zip(every, states, strict=True)]
    collect.payments_changed(list(reversed(changes)))
    for each in every:
        each.refresh_from_db()
    assert [each.state for each in every] == ["active", "past_due", "incomplete"] * 2
    assert Invoice.objects.filter(collecting_minor__gt=0).count() == 2, "what did not leave is asked again"


def test_two_invoices_of_one_subscription_in_one_batch(world: World, subscription: Subscription) -> None:
    world.later(days=28)
    world.bill()
    first, second = invoices(subscription)
    collect.payments_changed([end(first.pk, "succeeded"), end(second.pk, "failed")])
    subscription.refresh_from_db()
    assert (subscription.state, subscription.payments_made, subscription.payments_failed) == (
        "past_due",
        1,
        1,
    )


def test_a_success_after_a_cancel_pays_and_does_not_reopen(world: World, subscription: Subscription) -> None:
    (invoice,) = invoices(subscription)
    Payment.objects.update(state="in_flight")
    stopped = stop.cancel(subscription.pk)
    assert (stopped.canceled, stopped.in_flight) == ([], [invoice.pk])
    collect.payments_changed([end(invoice.pk, "succeeded")])
    subscription.refresh_from_db()
    assert _counters(subscription) == ("paid", 1000, 0, 1000)
    assert (subscription.state, subscription.payments_made) == ("canceled", 1)


def test_what_was_called_back_is_asked_for_again_and_nothing_else(world: World) -> None:
    """I9: the other debt of the subscription failed, and when that is tried again is dunning's word."""
    made = world.subscription()
    cycle.finalize()
    world.later(days=28)
    world.bill()
    first, second = invoices(made)
    collect.payments_changed([end(first.pk, "failed")])
    collect.payments_changed([end(second.pk, "canceled")])
    first.refresh_from_db()
    assert (first.payments_made, first.collecting_minor, first.reason_code) == (1, 0, "balance_too_small")
    assert payment_of(second.pk).no == 2


def test_what_was_taken_back_is_owed_again_and_says_so(world: World, subscription: Subscription) -> None:
    (invoice,) = invoices(subscription)
    collect.payments_changed([end(invoice.pk, "succeeded")])
    collect.payments_changed([end(invoice.pk, "reversed", settled_minor=-1000)])
    assert _counters(subscription) == ("open", 1000, 0, 0)
    invoice.refresh_from_db()
    assert (invoice.reason_code, invoice.paid_at) == ("payment_taken_back", None)
    assert (invoice.first_failed_at, subscription.payments_failed) == (None, 0), (
        "nobody is dunned for it by itself"
    )
    assert Event.objects.get(type="invoice.reopened").payload["amount_minor"] == 1000
    assert Payment.objects.count() == 1


def test_more_is_not_taken_back_than_was_collected(world: World, subscription: Subscription) -> None:
    (invoice,) = invoices(subscription)
    collect.payments_changed([end(invoice.pk, "succeeded")])
    with pytest.raises(Refusal, match="more than was collected"):
        collect.payments_changed([end(invoice.pk, "reversed", settled_minor=-1001)])
    assert _counters(subscription) == ("paid", 1000, 0, 1000)
