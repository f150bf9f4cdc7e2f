"""What a transaction finds once the lock it waited for is its own: what others committed meanwhile counts."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import connection, transaction
from django.db.models import Model

from billing import collect, cycle, stop, trigger
from billing.models import Invoice, Subscription
from engine.core import clock
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.providers import registry
from engine.providers.base import Payable
from payments import methods
from payments.models import Case, Payment, PaymentMethod
from payments.pipeline import mark_sent, resend, siblings
from payments.pipeline.lanes import Lane
from tests.billing.test_arrived import told_late
from tests.billing.world import World, end, invoices

T = TypeVar("T")


def meanwhile(
    waits: Callable[[], T], *, locks: Callable[[], object], then: Callable[[], object] = lambda: None
) -> T:
    """Do `locks` in a transaction, start `waits` beside it; once that one waits for a lock do `then`, and commit."""

    def beside() -> T:
        try:
            with transaction.atomic():
                return waits()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            locks()
            late = pool.submit(beside)
            until = time.monotonic() + 10
            while not _somebody_waits():
                assert time.monotonic() < until and not late.done(), "it never waited for the lock"
                time.sleep(0.01)
            then()
        return late.result()


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # kept for a whole transaction otherwise
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                       " AND wait_event_type = 'Lock'")  # fmt: skip
        return bool(cursor.fetchone()[0])


def two_debts(world: World) -> tuple[Subscription, Invoice, Invoice]:
    """A subscription with two invoices, each with a payment on its way."""
    made = world.subscription()
    cycle.finalize()
    world.later(days=28)
    world.bill()
    first, second = invoices(made)
    return made, first, second


@pytest.mark.parametrize(
    ("before", "first_ends", "second_ends", "state"),
    [
        (0, "succeeded", "failed", "past_due"),
        (0, "failed", "succeeded", "past_due"),
        (2, "succeeded", "succeeded", "active"),
    ],
)
def test_two_applies_of_one_subscription_leave_the_state_of_its_debts(
    committed_world: World, before: int, first_ends: str, second_ends: str, state: str
) -> None:
    made, first, second = two_debts(committed_world)
    if before:
        collect.payments_changed([end(first.pk, "failed"), end(second.pk, "failed")])
        assert trigger.trigger(made.pk).scheduled == [first.pk, second.pk]
    one, two = end(first.pk, first_ends), end(second.pk, second_ends)
    meanwhile(
        lambda: collect.payments_changed([two]),
        locks=lambda: collect.payments_changed([one]),
    )
    made.refresh_from_db()
    assert made.state == state
    assert Invoice.objects.filter(state="open", first_failed_at__isnull=False).exists() is (state != "active")


def test_money_that_arrives_while_the_trigger_waits_is_seen(committed_world: World) -> None:
    """The guard stands under the lock: in the locking statement it would look at what was before."""
    made = committed_world.subscription()
    cycle.finalize()
    (invoice,) = invoices(made)
    collect.payments_changed([end(invoice.pk, "failed")])

    def arrives() -> None:
        Invoice.objects.select_for_update().get(pk=invoice.pk)
        Payment.objects.filter(source_id=invoice.pk).update(state="succeeded_late")

    with pytest.raises(Refusal) as refused:
        meanwhile(lambda: trigger.trigger(made.pk), locks=arrives)
    assert (refused.value.code, refused.value.param) == ("money_arrived_late", "subscription")
    assert Payment.objects.count() == 1


def asked_again(world: World) -> tuple[Payment, Payment]:
    """An invoice's failed payment, and the next one."""
    made = world.subscription()
    cycle.finalize()
    (invoice,) = invoices(made)
    collect.payments_changed([end(invoice.pk, "failed")])
    trigger.trigger(made.pk)
    first, after = Payment.objects.filter(source_id=invoice.pk).order_by("no")
    return first, after


def signs(after: Payment) -> object:
    return mark_sent._lock([Payable(after.pk, "charge", 1000, 0, "USDC", {})], clock.machine_now())


def sends_again(after: Payment) -> object:
    lane = Lane("charge", after.provider)
    return resend._free(registry.get(after.provider).sheet, lane, [after.pk], clock.machine_now())


@pytest.mark.parametrize(("leaves", "state"), [(signs, "scheduled"), (sends_again, "in_flight")])
def test_a_case_of_an_earlier_payment_that_comes_while_a_send_waits_is_seen(
    committed_world: World, leaves: Callable[[Payment], object], state: str
) -> None:
    first, after = asked_again(committed_world)
    Payment.objects.filter(pk=after.pk).update(state=state)

    def opened() -> None:
        Payment.objects.select_for_update().get(pk=after.pk)
        Case.objects.create(id=uuid7(), kind="seen_after_end", payment=first, sentence="Odd.",
                            opened_at=clock.machine_now())  # fmt: skip

    assert not meanwhile(lambda: leaves(after), locks=opened)
    after.refresh_from_db()
    assert (after.state, after.stop_code) == (state, "payment_in_question")


def test_an_apply_never_waits_for_a_payment_behind_an_invoice(committed_world: World) -> None:
    """Whoever calls back holds payments and waits for their invoices: the other way round is a deadlock."""
    first, after = asked_again(committed_world)
    Payment.objects.filter(pk=first.pk).update(state="succeeded_late")

    def late() -> None:
        try:
            with transaction.atomic():
                siblings.tell([first.pk])
                collect.payments_changed([told_late(first)])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Payment.objects.select_for_update().get(pk=after.pk)
        pool.submit(late).result(timeout=30)
    after.refresh_from_db()
    assert (after.state, after.stop_code) == ("scheduled", ""), "mark sent tells it"


def free(model: type[Model], pk: object) -> None:
    """Its row is held by nobody but us. Raises OperationalError at once where it is."""
    model._default_manager.select_for_update(nowait=True).get(pk=pk)


def test_a_removal_waits_for_payments_before_it_holds_the_method(committed_world: World) -> None:
    """A change of method holds the subscription's payments and then wants the method."""
    made = committed_world.subscription()
    cycle.finalize()
    (invoice,) = invoices(made)
    meanwhile(
        lambda: methods.remove(made.method_id),
        locks=lambda: Payment.objects.select_for_update().get(source_id=invoice.pk),
        then=lambda: free(PaymentMethod, made.method_id),
    )
    assert Payment.objects.get(source_id=invoice.pk).state == "canceled"


def test_a_payment_that_is_made_while_its_removal_waits_is_called_back_by_its_second_look(
    committed_world: World,
) -> None:
    made, first, second = two_debts(committed_world)
    collect.payments_changed([end(first.pk, "failed")])

    def another() -> None:
        Payment.objects.select_for_update().get(source_id=second.pk)
        assert trigger.trigger(made.pk).scheduled == [first.pk]

    meanwhile(lambda: methods.remove(made.method_id), locks=another)
    assert not Payment.objects.filter(state="scheduled").exists()


def test_a_change_of_method_waits_for_invoices_before_it_holds_the_subscription(
    committed_world: World,
) -> None:
    """An apply holds an invoice, even one of which nothing is under way, and then wants the subscription."""
    made, first, _ = two_debts(committed_world)
    collect.payments_changed([end(first.pk, "failed")])
    new = committed_world.method(committed_world.made[-1])
    meanwhile(
        lambda: stop.change_method(made.pk, method_id=new.pk),
        locks=lambda: Invoice.objects.select_for_update().get(pk=first.pk),
        then=lambda: free(Subscription, made.pk),
    )
    assert Payment.objects.filter(method_id=new.pk, state="scheduled").count() == 2


def test_a_trigger_waits_for_a_debt_without_holding_the_subscription(committed_world: World) -> None:
    """Whoever books a late success holds the invoice and waits for the subscription: else a deadlock."""
    world = committed_world
    made = world.subscription()
    for _ in range(2):
        world.bill()
        world.later(days=31)
    first, second = invoices(made)
    for each in (first, second):
        collect.payments_changed([end(each.pk, "failed")])
    meanwhile(
        lambda: trigger.trigger(made.pk),
        locks=lambda: Invoice.objects.select_for_update().get(pk=second.pk),
        then=lambda: Subscription.objects.select_for_update(nowait=True).get(pk=made.pk),
    )
