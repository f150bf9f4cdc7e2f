"""Threads on committed rows: what holds when any number of processes work at once (I10)."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import Sum

from billing import collect, cycle, numbering, stop
from billing.models import Invoice, NumberSeries, Subscription
from engine.core.errors import Refusal
from engine.ledger.models import Transfer
from payments.models import Payment
from tests.billing.world import World, end, invoices


def together(*works: Callable[[], object]) -> list[object]:
    """Run all at once, each on a connection of its own; their results, errors raised."""
    barrier = Barrier(len(works))

    def one(work: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return [each.result() for each in [pool.submit(one, work) for work in works]]


def many(world: World, count: int) -> list[Subscription]:
    return [world.subscription() for _ in range(count)]


def test_four_claimers_make_one_invoice_per_period(committed_world: World) -> None:
    world = committed_world
    many(world, 30)
    world.at(datetime(2026, 4, 1, tzinfo=UTC))  # two more periods each, one of them missed
    results = together(*[lambda: cycle.claim(world.clock_id, batch=7)] * 4)
    assert sum(result.claimed for result in results) == 60
    assert sum(result.held for result in results) == 0
    assert Counter(Invoice.objects.values_list("period_no", flat=True)) == {0: 30, 1: 30, 2: 30}
    assert set(Subscription.objects.values_list("period_no", flat=True)) == {3}


def test_four_finalizers_make_one_payment_per_invoice(committed_world: World) -> None:
    world = committed_world
    many(world, 30)
    world.at(datetime(2026, 4, 1, tzinfo=UTC))
    together(*[lambda: cycle.claim(world.clock_id, batch=7)] * 2, *[lambda: cycle.finalize(batch=7)] * 4)
    # A claimer passes over what a finalizer holds at that moment; the next cycle takes it.
    world.bill()
    assert Invoice.objects.filter(state="open", collecting_minor=1000, payments_made=1).count() == 90
    assert Payment.objects.count() == 90 == Transfer.objects.filter(kind="invoice.finalized").count()
    per_subscription = Payment.objects.order_by("id").values_list("queue_key", "due_at")
    seen: dict[UUID, datetime] = {}
    for queue, due in per_subscription:
        assert queue not in seen or seen[queue] < due, "a later period was asked for before an older one"
        seen[queue] = due


def test_numbers_have_no_gaps_whoever_gives_them(committed_world: World) -> None:
    world = committed_world
    many(world, 30)
    together(
        *[lambda: cycle.finalize(batch=7)] * 2,
        *[lambda: [numbering.number_invoices(batch=3) for _ in range(10)]] * 4,
    )
    numbering.number_invoices()
    assert sorted(Invoice.objects.values_list("number", flat=True)) == list(range(1, 31))
    assert NumberSeries.objects.get().last == 30


def test_after_a_cancel_nothing_is_asked_for(committed_world: World) -> None:
    world = committed_world
    every = many(world, 24)

    def cancel_all() -> int:
        busy = 0
        for each in every:
            try:
                stop.cancel(each.pk)
            except (Refusal, OperationalError):
                busy += 1
        return busy

    _, busy = together(lambda: [cycle.finalize(batch=3) for _ in range(10)], cancel_all)
    cycle.finalize()
    canceled = Subscription.objects.filter(state="canceled")
    assert canceled.count() == 24 - int(str(busy))
    left = Invoice.objects.filter(subscription__in=canceled)
    assert not left.filter(collecting_minor__gt=0).exists()
    assert not Payment.objects.filter(state="scheduled", source_id__in=left.values("pk")).exists()


def test_outcomes_and_pauses_cross_without_losing_a_reservation(committed_world: World) -> None:
    world = committed_world
    every = many(world, 30)
    cycle.finalize()
    collect.payments_changed([end(invoices(each)[0].pk, "succeeded") for each in every])
    world.at(datetime(2026, 2, 28, 9, 30, tzinfo=UTC))
    world.bill()
    changes = [end(invoices(each)[1].pk, "succeeded") for each in every[:15]]

    def outcomes() -> None:
        for change in changes:
            collect.payments_changed([change])

    together(outcomes, lambda: [stop.pause(each.pk) for each in reversed(every)])
    assert Subscription.objects.filter(state="paused").count() == 30
    assert Invoice.objects.filter(period_no=1, state="paid").count() == 15
    assert Invoice.objects.filter(period_no=1, state="open", collecting_minor=0).count() == 15
    assert Invoice.objects.aggregate(all=Sum("collected_minor"))["all"] == 45_000


def _cancel_while(first: Callable[[], object], subscription_id: UUID) -> None:
    """`first` has written and not committed when the customer cancels; it commits while cancel waits."""
    written, commit = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            first()
            written.set()
            commit.wait(5)
        connection.close()

    def cancel() -> None:
        stop.cancel(subscription_id)
        connection.close()

    writer, canceler = threading.Thread(target=write), threading.Thread(target=cancel)
    writer.start()
    assert written.wait(10)
    canceler.start()
    time.sleep(0.5)
    commit.set()
    writer.join()
    canceler.join()


def _scheduled(subscription_id: UUID) -> list[int]:
    owed = Invoice.objects.filter(subscription_id=subscription_id).values("pk")
    return list(Payment.objects.filter(source_id__in=owed, state="scheduled").values_list("no", flat=True))


def test_a_cancel_sees_the_payment_that_another_method_was_given(committed_world: World) -> None:
    """The same invoice, another payment of it: told apart by its number."""
    subscription = committed_world.subscription()
    cycle.finalize()
    new = committed_world.method(committed_world.made[-1])
    _cancel_while(lambda: stop.change_method(subscription.pk, method_id=new.pk), subscription.pk)
    assert _scheduled(subscription.pk) == []


def test_a_cancel_sees_the_payment_that_an_end_asked_for_again(committed_world: World) -> None:
    subscription = committed_world.subscription()
    cycle.finalize()
    (invoice,) = invoices(subscription)
    Payment.objects.filter(source_id=invoice.pk).update(state="in_flight")

    def end_and_ask() -> None:
        Payment.objects.select_for_update().get(source_id=invoice.pk)
        collect.payments_changed([end(invoice.pk, "canceled")])

    _cancel_while(end_and_ask, subscription.pk)
    assert _scheduled(subscription.pk) == []
