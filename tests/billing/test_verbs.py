from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from billing import again, collect, customers, cycle, plans, resume, stop, subscribe, trigger
from billing.models import Plan, PlanVersion, Subscription
from engine.core import clock
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.outbox.models import Event
from payments import methods
from payments.models import Payment, PaymentMethod
from tests.billing.world import START, World, end, invoices, payment_of, rows_everywhere


def refused(act: Callable[[], object]) -> tuple[str, str, str]:
    """Run `act`, which must be refused with nothing written; the refusal's code, field and message."""
    before = rows_everywhere()
    # Not in an atomic block of ours: it would take back what the verb left behind.
    with pytest.raises(Refusal) as found:
        act()
    assert rows_everywhere() == before
    return found.value.code, found.value.param, found.value.message


def test_what_is_written_before_a_refusal_is_found(world: World) -> None:
    """The helper above can fail: a new row and a changed value are both seen."""

    def adds() -> None:
        world.customer()
        raise Refusal("no", "no", param="no")

    def changes() -> None:
        Plan.objects.update(name="half")
        raise Refusal("no", "no", param="no")

    for act in (adds, changes):
        with pytest.raises(AssertionError):
            refused(act)


@pytest.mark.parametrize(
    ("change", "param"),
    [({"price_minor": 0}, "price_minor"), ({"price_minor": -5}, "price_minor"), ({"price_minor": 1.5}, "price_minor"),
     ({"price_minor": True}, "price_minor"), ({"price_minor": 2**63}, "price_minor"),
     ({"price_minor": 10**15 + 1}, "price_minor"), ({"currency": "XXX"}, "currency"),
     ({"currency": ["USD"]}, "currency"), ({"interval_count": 0}, "interval_count"),
     ({"interval_unit": "fortnight"}, "interval_unit"), ({"number": 1}, "number"), ({"number": -1}, "number"),
     ({"number": 2**31}, "number"), ({"name": " "}, "name"), ({"name": "x" * 201}, "name"),
     ({"creator_id": uuid7()}, "creator"), ({"metadata": []}, "metadata")],
)  # fmt: skip
def test_a_bad_plan_is_refused_by_field(world: World, change: dict[str, Any], param: str) -> None:
    assert refused(lambda: world.another_plan(**change))[1] == param


@pytest.mark.parametrize(
    ("change", "param"),
    [({"name": ""}, "name"), ({"email": "not an address"}, "email"), ({"zone": "Mars/Base"}, "zone"),
     ({"clock_id": 10**9}, "clock_id"), ({"wallet": "w" * 65}, "wallet"), ({"name": "a\0b"}, "name")],
)  # fmt: skip
def test_a_bad_customer_is_refused_by_field(world: World, change: dict[str, Any], param: str) -> None:
    assert refused(lambda: customers.create_customer(**{"name": "Payer"} | change))[1] == param


@pytest.mark.parametrize("fee", [-1, 10_001, 1.5])
def test_a_bad_fee_is_refused_by_field(world: World, fee: Any) -> None:
    assert refused(lambda: customers.create_creator(name="Ada", fee_bps=fee))[1] == "fee_bps"


def test_a_wallet_that_no_provider_can_pay_is_refused_by_field(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = "engine.providers.solana.provider.SolanaDelegate"
    monkeypatch.setattr(settings, "PROVIDERS", {**settings.PROVIDERS, "solana_delegate": product})
    for wallet in ("abc", "0" * 44, "1" * 31):
        for make in (customers.create_creator, customers.create_customer):
            found = refused(lambda wallet=wallet, make=make: make(name="Ada", wallet=wallet))
            assert found[:2] == ("public_key_malformed", "wallet")
    wallet = "So11111111111111111111111111111111111111112"
    assert customers.create_creator(name="Ada", wallet=f" {wallet} ").wallet == wallet
    assert customers.create_customer(name="Cy", wallet=f" {wallet} ").wallet == wallet
    assert customers.create_creator(name="Bo").wallet == customers.create_customer(name="Di").wallet == ""


def test_bad_subscriptions_are_refused_by_field(world: World) -> None:
    customer, other = world.customer(), world.customer()
    method, foreign = world.method(customer), world.method(other)
    sol, pending = world.method(customer, currency="SOL"), world.method(customer, state="pending")

    def act(**changes: Any) -> Callable[[], object]:
        values = {"customer_id": customer.id, "plan_id": world.plan.id, "method_id": method.id}
        return lambda: subscribe.subscribe(**(values | changes))

    nobody = uuid7()
    assert refused(act(customer_id=nobody))[:2] == ("customer_unknown", "customer")
    assert refused(act(plan_id=nobody)) == ("plan_unknown", "plan", f"Plan {nobody} not found")
    assert refused(act(method_id=nobody))[:2] == ("method_unknown", "method")
    assert refused(act(method_id=foreign.id))[:2] == ("method_unknown", "method")
    assert refused(act(method_id=sol.id))[:2] == ("currency_mismatch", "method")
    assert refused(act(method_id=pending.id))[:2] == ("method_not_active", "method")
    assert refused(act(anchor_at=START - timedelta(days=1)))[:2] == ("anchor_in_past", "anchor_at")
    assert refused(act(anchor_at=START.replace(tzinfo=None)))[:2] == ("moment_without_zone", "anchor_at")
    ends = START.replace(tzinfo=None) + timedelta(days=90)
    assert refused(act(ends_at=ends))[:2] == ("moment_without_zone", "ends_at")
    assert refused(act(ends_at=START))[:2] == ("ends_before_start", "ends_at")
    plans.deactivate_plan(plan_id=world.plan.id)
    assert refused(act()) == ("plan_inactive", "plan", "Subscription plan is no longer active")


def test_one_live_subscription_per_customer_and_plan(world: World) -> None:
    first = world.subscription()

    def again() -> Subscription:
        return subscribe.subscribe(
            customer_id=first.customer_id, plan_id=first.plan_id, method_id=first.method_id
        )

    assert refused(again)[:2] == ("already_subscribed", "plan")
    stop.cancel(first.pk)
    assert again().state == "incomplete"


def test_a_changed_plan_leaves_its_subscribers_their_terms(world: World) -> None:
    before = world.subscription()
    plans.change_plan(plan_id=world.plan.id, price_minor=2000, currency="USDC", interval_unit="month",
                      interval_count=1)  # fmt: skip
    after = world.subscription()
    world.later(days=28)
    world.bill()
    assert [i.due_minor for i in invoices(before)] == [1000, 1000]
    assert [i.due_minor for i in invoices(after)] == [2000, 2000]


def test_terms_never_change(world: World) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        PlanVersion.objects.update(price_minor=1)


def test_the_trigger_refuses_in_the_sources_words(world: World) -> None:
    subscription = world.subscription()
    cycle.finalize()
    assert refused(lambda: trigger.trigger(subscription.pk))[0] == "payment_under_way"
    collect.payments_changed([end(invoices(subscription)[0].pk, "succeeded")])
    assert refused(lambda: trigger.trigger(subscription.pk))[1:] == ("subscription", "Payment is not due yet")
    assert refused(lambda: trigger.trigger(uuid7()))[1] == "subscription"
    plans.deactivate_plan(plan_id=world.plan.id)
    assert refused(lambda: trigger.trigger(subscription.pk))[2] == "Subscription plan is no longer active"
    plans.activate_plan(plan_id=world.plan.id)
    stop.pause(subscription.pk)
    assert refused(lambda: trigger.trigger(subscription.pk))[2] == "Subscription is not active"


def test_the_trigger_bills_what_is_due_once(world: World) -> None:
    subscription = world.subscription()
    cycle.finalize()
    collect.payments_changed([end(invoices(subscription)[0].pk, "succeeded")])
    world.later(days=28)
    done = trigger.trigger(subscription.pk)
    assert done.scheduled == [invoices(subscription)[1].pk]
    assert refused(lambda: trigger.trigger(subscription.pk))[0] == "payment_under_way"
    assert world.bill()[0].claimed == 0
    assert Payment.objects.count() == 2


def test_the_trigger_asks_again_for_an_open_debt_under_the_next_number(world: World) -> None:
    subscription = world.subscription()
    cycle.finalize()
    (invoice,) = invoices(subscription)
    collect.payments_changed([end(invoice.pk, "failed")])
    assert trigger.trigger(subscription.pk).scheduled == [invoice.pk]
    invoice.refresh_from_db()
    assert (payment_of(invoice.pk).no, invoice.collecting_minor, invoice.reason_code) == (2, 1000, "")


def test_the_trigger_collects_by_hand_where_auto_pay_is_off(world: World) -> None:
    subscription = world.subscription(auto_pay=False)
    done = trigger.trigger(subscription.pk)
    assert done.scheduled == [invoices(subscription)[0].pk]
    assert Payment.objects.count() == 1


def test_an_invoice_that_cant_be_asked_for_is_named_by_the_trigger(world: World) -> None:
    subscription = world.subscription(method_id=None)
    assert trigger.trigger(subscription.pk).without_payment == [invoices(subscription)[0].pk]
    assert refused(lambda: trigger.trigger(subscription.pk))[0] == "no_payment_method"


def test_a_subscription_is_found_by_the_sources_names(world: World) -> None:
    subscription = world.subscription()
    wallet = subscription.customer.wallet
    assert trigger.find(customer=wallet, creator="ada-wallet", plan_number=1).pk == subscription.pk
    with pytest.raises(Refusal, match="Plan 9 not found"):
        trigger.find(customer=wallet, creator="ada-wallet", plan_number=9)


@pytest.mark.parametrize("verb", [stop.pause, stop.cancel])
def test_stopping_calls_back_what_was_not_sent(world: World, verb: Callable[..., stop.Stopped]) -> None:
    subscription = _active(world)
    world.later(days=28)
    world.bill()
    invoice = invoices(subscription)[1]
    stopped = verb(subscription.pk, reason="Enough.")
    assert (stopped.canceled, stopped.in_flight) == ([invoice.pk], [])
    invoice.refresh_from_db()
    assert (invoice.state, invoice.collecting_minor, payment_of(invoice.pk).state) == ("open", 0, "canceled")
    assert invoice.reason.startswith("The subscription was")
    subscription.refresh_from_db()
    assert subscription.next_due_at is None and subscription.reason == "Enough."
    world.later(days=90)
    assert world.bill()[0].claimed == 0


def test_what_is_in_flight_cant_be_stopped_and_says_so(world: World) -> None:
    subscription = _active(world)
    world.later(days=28)
    world.bill()
    invoice = invoices(subscription)[1]
    Payment.objects.filter(source_id=invoice.pk).update(state="in_flight")
    stopped = stop.pause(subscription.pk)
    assert (stopped.canceled, stopped.in_flight) == ([], [invoice.pk])
    invoice.refresh_from_db()
    assert invoice.collecting_minor == 1000


def test_a_pause_is_never_billed_for_and_what_was_owed_is_asked_for_again(world: World) -> None:
    subscription = _active(world)
    world.at(datetime(2026, 2, 28, 10, tzinfo=UTC))
    world.bill()
    stop.pause(subscription.pk)
    world.at(datetime(2026, 7, 15, tzinfo=UTC))
    resumed = resume.resume(subscription.pk)
    assert (resumed.state, resumed.next_due_at) == ("active", datetime(2026, 7, 31, 9, 30, tzinfo=UTC))
    assert resumed.periods_skipped == 4
    assert payment_of(invoices(subscription)[1].pk).no == 2
    world.at(datetime(2026, 7, 31, 9, 30, tzinfo=UTC))
    world.bill()
    assert [i.period_no for i in invoices(subscription)] == [0, 1, 6]
    resumed.refresh_from_db()
    assert resumed.period_no == len(invoices(subscription)) + resumed.periods_skipped


def test_a_short_pause_skips_nothing(world: World) -> None:
    subscription = _active(world)
    stop.pause(subscription.pk)
    world.later(days=3)
    resumed = resume.resume(subscription.pk)
    assert (resumed.periods_skipped, resumed.next_due_at) == (0, datetime(2026, 2, 28, 9, 30, tzinfo=UTC))


def test_verbs_out_of_place_are_refused(world: World) -> None:
    subscription = _active(world)
    assert refused(lambda: resume.resume(subscription.pk))[0] == "not_paused"
    assert refused(lambda: resume.release_held(subscription.pk))[0] == "not_held"
    assert refused(lambda: resume.release_draft(uuid7()))[0] == "not_held"
    stop.cancel(subscription.pk)
    assert refused(lambda: stop.cancel(subscription.pk))[0] == "already_ended"
    assert refused(lambda: stop.pause(subscription.pk))[2] == "Subscription is not active"
    assert refused(lambda: stop.pause(uuid7()))[1] == "subscription"


def test_a_refused_stop_calls_no_payment_back(world: World) -> None:
    subscription = world.subscription()
    cycle.finalize()
    assert subscription.state == "incomplete"
    refused(lambda: stop.pause(subscription.pk))
    assert payment_of(invoices(subscription)[0].pk).state == "scheduled"
    assert invoices(subscription)[0].collecting_minor == 1000


def test_a_new_method_takes_over_what_was_not_sent(world: World) -> None:
    subscription = world.subscription()
    cycle.finalize()
    (invoice,) = invoices(subscription)
    new = world.method(subscription.customer)
    stop.change_method(subscription.pk, method_id=new.id)
    assert list(Payment.objects.order_by("no").values_list("no", "state", "method_id")) == [
        (1, "canceled", subscription.method_id), (2, "scheduled", new.id),
    ]  # fmt: skip
    invoice.refresh_from_db()
    assert (invoice.collecting_minor, invoice.payments_made) == (1000, 2)
    PaymentMethod.objects.filter(pk=new.id).update(state="removed")
    assert refused(lambda: stop.change_method(subscription.pk, method_id=new.id))[1] == "method"


def _active(world: World) -> Subscription:
    subscription = world.subscription()
    cycle.finalize()
    collect.payments_changed([end(invoices(subscription)[0].pk, "succeeded")])
    subscription.refresh_from_db()
    return subscription


@pytest.mark.parametrize("verb", [stop.pause, stop.cancel])
def test_periods_that_began_before_a_stop_are_billed(world: World, verb: Callable[..., stop.Stopped]) -> None:
    """The workers were away for three periods, then the customer stops: none of them vanishes (I2)."""
    subscription = _active(world)
    world.at(datetime(2026, 4, 30, 10, tzinfo=UTC))
    verb(subscription.pk)
    cycle.finalize()
    assert [(i.period_no, i.state, i.collecting_minor) for i in invoices(subscription)] == [
        (0, "paid", 0), (1, "open", 0), (2, "open", 0), (3, "open", 0),
    ]  # fmt: skip
    subscription.refresh_from_db()
    assert (subscription.next_due_at, subscription.period_no) == (None, 4)


def test_a_plan_that_is_stopped_bills_what_is_due_first(world: World) -> None:
    subscription = _active(world)
    world.at(datetime(2026, 4, 30, 10, tzinfo=UTC))
    plans.deactivate_plan(plan_id=subscription.plan_id)
    assert [i.period_no for i in invoices(subscription)] == [0, 1, 2, 3]
    world.at(datetime(2026, 6, 30, 10, tzinfo=UTC))
    world.bill()
    plans.activate_plan(plan_id=subscription.plan_id)
    subscription.refresh_from_db()
    assert (subscription.periods_skipped, subscription.period_no) == (2, 6)


def test_nothing_is_asked_of_a_subscription_that_was_stopped_meanwhile(world: World) -> None:
    """The trigger looked before the stop and asks after it: the row's state under its lock decides."""
    subscription = _active(world)
    world.later(days=28)
    world.bill()
    stop.cancel(subscription.pk)
    assert again.collect_again(subscription.pk, machine_at=clock.machine_now(), by_hand=True) == []
    assert not Payment.objects.filter(state="scheduled").exists()


def test_a_removed_method_collects_nothing_more(world: World) -> None:
    one, other = world.subscription(), world.subscription()
    cycle.finalize()
    Payment.objects.filter(source_id=invoices(other)[0].pk).update(state="in_flight")
    methods.remove(one.method_id)
    methods.remove(other.method_id)
    (called_back,), (on_its_way,) = invoices(one), invoices(other)
    assert (called_back.collecting_minor, called_back.reason_code) == (0, "payment_method_not_active")
    assert payment_of(called_back.pk).state == "canceled"
    assert on_its_way.collecting_minor == 1000
    assert payment_of(on_its_way.pk).stop_code == "payment_method_removed"


def test_what_happens_to_a_plan_is_told_in_order(world: World) -> None:
    plan = world.another_plan()
    terms = {"price_minor": 2000, "currency": "USDC", "interval_unit": "day", "interval_count": 3}
    plans.change_plan(plan_id=plan.pk, **terms)
    plans.deactivate_plan(plan_id=plan.pk)
    plans.activate_plan(plan_id=plan.pk)
    told = list(Event.objects.filter(object_id=plan.pk, object_kind="plan").order_by("seq"))
    assert [(event.seq, event.type) for event in told] == [
        (1, "plan.created"), (2, "plan.changed"), (3, "plan.deactivated"), (4, "plan.activated"),
    ]  # fmt: skip
    assert told[1].payload["price_minor"] == 2000
    assert [event.payload["active"] for event in told] == [True, True, False, True]
