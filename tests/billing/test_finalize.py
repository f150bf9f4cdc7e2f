from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import JSONField, Value

from billing import collect, cycle, finalize, lines, resume, stop
from billing.models import Creator, Invoice, InvoiceLine, PlanVersion, Subscription
from engine.core import clock
from engine.core.ids import uuid7
from engine.ledger import accounts
from engine.ledger.models import Transfer
from engine.outbox.models import Event
from engine.providers import registry
from payments.models import Payment, PaymentMethod
from tests.billing.world import DETAILS, START, World, end, invoices, payment_of


def test_a_draft_becomes_an_open_invoice_with_its_payment(world: World) -> None:
    subscription = world.subscription()
    assert cycle.finalize()[:2] == (1, 1)
    (invoice,) = invoices(subscription)
    assert (invoice.state, invoice.due_minor, invoice.collecting_minor, invoice.collected_minor) == (
        "open", 1000, 1000, 0,
    )  # fmt: skip
    assert (invoice.issued_at, invoice.next_action_at, invoice.payments_made) == (START, None, 1)
    payment = payment_of(invoice.pk)
    assert (payment.state, payment.amount_minor, payment.fee_minor, payment.no) == ("scheduled", 1000, 25, 1)
    assert (payment.due_at, payment.method_id) == (START, subscription.method_id)
    assert payment.grace_until == START + timedelta(seconds=3600)
    details = PaymentMethod.objects.get().details
    assert payment.instructions == details | {"payee": "ada-wallet"}


def test_the_grace_window_is_as_long_as_its_setting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.ENV, "grace_period", 60)
    subscription = world.subscription()
    cycle.finalize()
    (invoice,) = invoices(subscription)
    assert payment_of(invoice.pk).grace_until == START + timedelta(seconds=60)


def test_what_is_due_is_booked_once_and_balanced(world: World) -> None:
    subscription = world.subscription()
    cycle.finalize()
    (invoice,) = invoices(subscription)
    booked = Transfer.objects.get(source_id=invoice.pk)
    assert (booked.kind, booked.seq, booked.amount_minor, booked.business_at) == (
        "invoice.finalized",
        0,
        1000,
        START,
    )
    assert (booked.debit.kind, booked.debit.owner_id) == ("receivable", subscription.customer_id)
    assert (booked.credit.kind, booked.credit.owner_id) == ("billed", world.creator.id)
    assert (payment_of(invoice.pk).accounts["receivable"], payment_of(invoice.pk).accounts["billed"]) == (
        booked.debit_id, booked.credit_id,
    )  # fmt: skip


def test_the_line_says_what_is_paid_for_in_the_customers_days(world: World) -> None:
    subscription = world.subscription(zone="Asia/Tokyo", anchor_at=datetime(2026, 1, 31, 20, tzinfo=UTC))
    world.at(datetime(2026, 1, 31, 20, tzinfo=UTC))
    world.bill()
    (line,) = InvoiceLine.objects.filter(invoice__subscription=subscription)
    assert (line.description, line.amount_minor) == ("Pro, 2026-02-01 to 2026-03-01", 1000)


def test_lines_of_an_invoice_never_change(world: World) -> None:
    world.subscription()
    cycle.finalize()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        InvoiceLine.objects.update(amount_minor=1)


def test_the_event_is_in_the_commit_under_the_invoices_version(world: World) -> None:
    subscription = world.subscription()
    cycle.finalize()
    (invoice,) = invoices(subscription)
    event = Event.objects.get(type="invoice.finalized")
    assert (event.object_id, event.seq, event.payload["due_minor"]) == (invoice.pk, invoice.version, 1000)


def test_both_ways_of_composing_lines_are_equal(world: World) -> None:
    provider = registry.get("direct")
    limits = provider.sheet
    provider.sheet = replace(limits, minimum_minor={}, maximum_minor=10**15)
    for price in (1, 50, 1000, 10**15):
        plan = world.another_plan(price_minor=price, name=f"Plan {price}")
        world.subscription(plan=plan, zone="America/New_York")
    world.subscription(auto_pay=False)
    provider.sheet = limits  # two of them can't be asked for by now
    with transaction.atomic():
        one = _everything(lines.plain)
        transaction.set_rollback(True)
    accounts.forget()
    assert one == _everything(lines.composed)
    assert len(one[0]) == 5


def _everything(make_lines: finalize.MakeLines) -> tuple[list[Any], ...]:
    """All that finalize writes but for ids and machine times."""
    cycle.finalize(make_lines=make_lines)
    return (
        list(Invoice.objects.order_by("id").values_list("id", "state", "due_minor", "collecting_minor", "series",
             "reason_code", "reason", "issued_at", "version")),
        list(InvoiceLine.objects.order_by("invoice", "no").values_list("invoice", "no", "description", "quantity",
             "unit_minor", "amount_minor")),
        list(Transfer.objects.order_by("source_id").values_list("source_id", "kind", "seq", "amount_minor",
             "debit__kind", "credit__kind", "business_at")),
        list(Payment.objects.order_by("source_id").values_list("source_id", "no", "amount_minor", "fee_minor",
             "instructions", "grace_until")),
        list(Event.objects.filter(object_kind="invoice").order_by("object_id").values_list("type", "seq", "payload")),
    )  # fmt: skip


def test_nothing_due_is_paid_without_a_payment(world: World) -> None:
    plan = world.another_plan()
    version = PlanVersion(id=uuid7(), plan=plan, no=2, price_minor=0, currency="USDC", interval_unit="month",
                          interval_count=1, created_at=START)  # fmt: skip
    version.save(force_insert=True)
    plan.version_no = 2
    plan.save()
    subscription = world.subscription(plan=plan)
    cycle.finalize()
    (invoice,) = invoices(subscription)
    assert (invoice.state, invoice.paid_at) == ("paid", START)
    assert not Payment.objects.exists() and not Transfer.objects.exists()
    subscription.refresh_from_db()
    assert subscription.state == "active"
    told = Event.objects.get(type="subscription.activated")
    assert (told.object_id, told.seq, told.correlation_id) == (
        subscription.pk, subscription.version, invoice.correlation_id,
    )  # fmt: skip


def _no_method(world: World) -> Subscription:
    return world.subscription(method_id=None)


def _removed_method(world: World) -> Subscription:
    made = world.subscription()
    PaymentMethod.objects.filter(pk=made.method_id).update(state="needs_approval")
    return made


def _auto_pay_off(world: World) -> Subscription:
    return world.subscription(auto_pay=False)


def _below_minimum(world: World) -> Subscription:
    return _limited(world, minimum_minor={"USDC": 1001})


def _above_maximum(world: World) -> Subscription:
    return _limited(world, maximum_minor=999)


def _limited(world: World, **limits: Any) -> Subscription:
    """The provider's limits change after the customer subscribed."""
    made = world.subscription()
    provider = registry.get("direct")
    provider.sheet = replace(provider.sheet, **limits)
    return made


def _no_wallet(world: World) -> Subscription:
    Creator.objects.update(wallet="")
    return world.subscription()


@pytest.mark.parametrize(
    ("case", "code"),
    [(_no_method, "no_payment_method"), (_removed_method, "payment_method_not_active"),
     (_auto_pay_off, "auto_pay_off"), (_below_minimum, "below_minimum"), (_above_maximum, "above_maximum"),
     (_no_wallet, "payee_without_wallet")],
)  # fmt: skip
def test_what_cant_be_asked_for_stays_open_with_a_reason(world: World, case: Any, code: str) -> None:
    (invoice,) = invoices(case(world))
    cycle.finalize()
    invoice.refresh_from_db()
    assert (invoice.state, invoice.collecting_minor, invoice.reason_code) == ("open", 0, code)
    assert invoice.reason.endswith(".")
    assert not Payment.objects.exists()
    assert Transfer.objects.filter(source_id=invoice.pk).count() == 1


def test_a_fee_is_never_waived_for_want_of_a_wallet_to_take_it(world: World) -> None:
    subscription = world.subscription()
    PaymentMethod.objects.update(details=DETAILS | {"fee_wallet": ""})
    cycle.finalize()
    (invoice,) = invoices(subscription)
    assert (invoice.state, invoice.collecting_minor, invoice.reason_code) == ("open", 0, "fee_wallet_missing")
    assert not Payment.objects.exists()


def test_what_began_before_a_stop_is_owed(world: World) -> None:
    """Claimed, not yet opened when the customer cancels: a visible debt, not a void (I2)."""
    subscription = world.subscription()
    world.bill()
    collect.payments_changed([end(invoices(subscription)[0].pk, "succeeded")])
    world.later(days=28)
    cycle.claim(world.clock_id)
    stop.cancel(subscription.pk)
    assert cycle.finalize().voided == 0
    owed = invoices(subscription)[1]
    assert (owed.state, owed.due_minor, owed.collecting_minor) == ("open", 1000, 0)
    assert owed.reason_code == "subscription_canceled"
    assert Payment.objects.count() == 1


def test_a_draft_stopped_before_it_was_issued_is_void(world: World) -> None:
    subscription = world.subscription()
    stop.cancel(subscription.pk)
    assert cycle.finalize().voided == 1
    (invoice,) = invoices(subscription)
    assert (invoice.state, invoice.reason_code, invoice.issued_at) == ("void", "subscription_canceled", None)
    assert not Payment.objects.exists() and not Transfer.objects.exists()


def test_one_poisonous_draft_never_stops_the_others(world: World) -> None:
    every = [world.subscription() for _ in range(9)]
    method = PaymentMethod.objects.filter(pk=every[4].method_id)
    method.update(details=Value(None, JSONField()))
    result = cycle.finalize()
    assert (result.finalized, result.held) == (8, 1)
    (bad,) = invoices(every[4])
    assert bad.state == "draft" and bad.next_action_at is None and "TypeError" in bad.held_reason
    assert Event.objects.filter(type="invoice.held", object_id=bad.pk).exists()
    method.update(details=DETAILS)
    resume.release_draft(bad.pk)
    assert cycle.finalize().finalized == 1


def test_a_draft_that_fails_after_its_accounts_were_made_leaves_no_trace_on_the_others(world: World) -> None:
    every = [world.subscription() for _ in range(5)]
    (bad,) = invoices(every[2])
    Payment.objects.create(
        id=uuid7(), operation="charge", provider="direct", source_kind="invoice", source_id=bad.pk, no=1,
        queue_key=uuid7(), due_at=START, grace_until=START, settlement="direct", currency="USDC",
        amount_minor=1, created_at=START,
    )  # fmt: skip
    result = cycle.finalize()
    assert (result.finalized, result.held) == (4, 1)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as the commit would: every posting has its accounts
    assert Transfer.objects.filter(kind="invoice.finalized").count() == 4


def test_the_oldest_period_is_opened_first(world: World) -> None:
    subscription = world.subscription()
    world.at(datetime(2026, 4, 1, tzinfo=UTC))
    cycle.claim(world.clock_id)
    oldest, *_ = invoices(subscription)
    with transaction.atomic():
        cycle.finalize(most=1)
        assert [i.state for i in invoices(subscription)] == ["open", "draft", "draft"]
        transaction.set_rollback(True)
    # While the oldest waits, the later ones wait with it.
    Invoice.objects.filter(pk=oldest.pk).update(next_action_at=clock.machine_now() + timedelta(minutes=5))
    assert cycle.finalize().finalized == 0


def test_test_clocks_have_their_own_series(world: World) -> None:
    subscription = world.subscription()
    cycle.finalize()
    assert invoices(subscription)[0].series == f"CLK{world.clock_id}-"
    assert finalize.series_of(clock.REAL) == "INV-"


def test_a_second_open_payment_is_refused_by_the_database(world: World) -> None:
    subscription = world.subscription()
    cycle.finalize()
    (invoice,) = invoices(subscription)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM payments_payment WHERE source_id = %s", [invoice.pk])
        assert cursor.fetchone() == (1,)
    payment = payment_of(invoice.pk)
    payment.pk, payment.no = uuid7(), 2
    with pytest.raises(IntegrityError, match="one_open_payment_per_source"), transaction.atomic():
        payment.save(force_insert=True)


def test_a_reservation_beyond_what_is_due_is_refused_by_the_database(world: World) -> None:
    world.subscription()
    cycle.finalize()
    with pytest.raises(IntegrityError, match="invoice_never_overcollected"), transaction.atomic():
        Invoice.objects.update(collecting_minor=1001)
