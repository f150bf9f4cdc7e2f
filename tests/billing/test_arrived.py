"""An invoice for which money arrived, in whatever odd way, is not asked for again until a person decided."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from billing import collect, cycle, resume, stop, trigger
from billing.models import Invoice, Subscription
from engine.core import clock
from engine.core.ids import uuid7
from payments import cancel
from payments.models import Case, Payment
from payments.pipeline import siblings
from payments.sources import SourceChange
from tests.billing.test_verbs import refused
from tests.billing.world import World, end, invoices, payment_of


def open_case(invoice_id: UUID, kind: str = "amount_differs") -> Case:
    return Case.objects.create(
        id=uuid7(), kind=kind, payment=payment_of(invoice_id), sentence="Odd.", opened_at=clock.machine_now()
    )


def late(invoice_id: UUID) -> None:
    """Given up, then found on the chain after all: booked to unapplied, a case."""
    collect.payments_changed([end(invoice_id, "failed")])
    Payment.objects.filter(pk=payment_of(invoice_id).pk).update(state="succeeded_late")
    open_case(invoice_id, "paid_after_close")


def late_and_case_closed(invoice_id: UUID) -> None:
    late(invoice_id)
    Case.objects.update(closed_at=clock.machine_now())


def case(invoice_id: UUID) -> None:
    collect.payments_changed([end(invoice_id, "failed")])
    open_case(invoice_id)


def refused_by_the_hook(invoice_id: UUID) -> None:
    """It succeeded, the invoice could not take it: booked to suspense, parked."""
    end(invoice_id, "succeeded")
    Payment.objects.update(parked_at=clock.machine_now(), parked_reason="Odd.")
    Invoice.objects.update(collecting_minor=0)


@pytest.fixture
def subscription(world: World) -> Subscription:
    made = world.subscription()
    cycle.finalize()
    return made


ARRIVED = [
    pytest.param(late, "money_arrived_late", "Money arrived for it late; a person decides."),
    pytest.param(late_and_case_closed, "money_arrived_late", "Money arrived for it late; a person decides."),
    pytest.param(case, "payment_in_question", "A payment of it waits for a person's decision."),
    pytest.param(
        refused_by_the_hook, "payment_in_question", "A payment of it waits for a person's decision."
    ),
]


@pytest.mark.parametrize(("arrives", "code", "sentence"), ARRIVED)
def test_the_trigger_refuses_and_says_why(
    subscription: Subscription, arrives: Callable[[UUID], None], code: str, sentence: str
) -> None:
    arrives(invoices(subscription)[0].pk)
    assert refused(lambda: trigger.trigger(subscription.pk)) == (code, "subscription", sentence)
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(("arrives", "code", "sentence"), ARRIVED)
def test_neither_resume_nor_another_method_asks_again(
    world: World, subscription: Subscription, arrives: Callable[[UUID], None], code: str, sentence: str
) -> None:
    arrives(invoices(subscription)[0].pk)
    Subscription.objects.update(state="active")
    customer = next(each for each in world.made if each.pk == subscription.customer_id)
    stop.change_method(subscription.pk, method_id=world.method(customer).pk)
    stop.pause(subscription.pk)
    resume.resume(subscription.pk)
    (invoice,) = invoices(subscription)
    assert (invoice.state, invoice.collecting_minor) == ("open", 0)
    assert (invoice.reason_code, invoice.reason) == (code, sentence)
    assert Payment.objects.count() == 1


def test_a_closed_case_of_a_failed_payment_lets_it_be_asked_for_again(subscription: Subscription) -> None:
    (invoice,) = invoices(subscription)
    case(invoice.pk)
    Case.objects.update(closed_at=clock.machine_now())
    assert trigger.trigger(subscription.pk).scheduled == [invoice.pk]


def test_another_invoice_of_the_subscription_is_asked_for_all_the_same(
    world: World, subscription: Subscription
) -> None:
    late(invoices(subscription)[0].pk)
    world.later(days=28)
    world.bill()
    first, second = invoices(subscription)
    collect.payments_changed([end(second.pk, "failed")])
    assert trigger.trigger(subscription.pk).scheduled == [second.pk]
    assert Payment.objects.filter(source_id=first.pk).count() == 1


def asked_again_then_late(subscription: Subscription, next_state: str) -> tuple[Payment, Payment, Invoice]:
    """The first payment fails, another is asked for, then the first turns out to have been paid."""
    (invoice,) = invoices(subscription)
    collect.payments_changed([end(invoice.pk, "failed")])
    first = payment_of(invoice.pk)
    assert trigger.trigger(subscription.pk).scheduled == [invoice.pk]
    Payment.objects.filter(source_id=invoice.pk, state="scheduled").update(state=next_state)
    Payment.objects.filter(pk=first.pk).update(state="succeeded_late")
    siblings.tell([first.pk])
    collect.payments_changed([told_late(first)])
    cancel.recall()
    invoice.refresh_from_db()
    return first, payment_of(invoice.pk), invoice


def told_late(first: Payment) -> SourceChange:
    now = clock.machine_now()
    return SourceChange(first.pk, "invoice", first.source_id, first.no, "succeeded_late", first.currency,
                        first.amount_minor, first.amount_minor, "", "", "", first.clock_id, now, now, None)  # fmt: skip


def test_what_was_to_be_sent_next_is_called_back(subscription: Subscription) -> None:
    first, after, invoice = asked_again_then_late(subscription, "scheduled")
    assert (first.no, after.no, after.state) == (1, 2, "canceled")
    assert (invoice.state, invoice.collecting_minor, invoice.collected_minor) == ("open", 0, 0)
    assert (invoice.reason_code, invoice.reason) == siblings.IN_QUESTION


def test_what_is_on_its_way_keeps_its_reservation(subscription: Subscription) -> None:
    _, after, invoice = asked_again_then_late(subscription, "in_flight")
    assert after.state == "in_flight"
    assert (invoice.state, invoice.collecting_minor) == ("open", after.amount_minor)
    collect.payments_changed([end(invoice.pk, "succeeded")])
    invoice.refresh_from_db()
    assert (invoice.state, invoice.collecting_minor) == ("paid", 0)
