"""A parked payment that can't go on is ended by an approver: its reservation comes off, the books stay as they are."""

from __future__ import annotations

from uuid import UUID

import pytest

from billing import again, trigger
from billing.models import Invoice
from engine.core import clock
from engine.core.actor import Actor, NotAllowed, Role
from engine.core.errors import Refusal
from engine.ledger.models import Transfer
from engine.outbox.models import Event
from engine.providers.base import FailureClass, Finding, Outcome
from ops import books
from payments import settle, story, suspense
from payments.models import Attempt, Case, Payment
from tests.ops.world import NETWORK, WHOLE, fill, mark, open_payment, say, subscribe
from tests.payments.scripted import paid

ADA = Actor("ada", "user", Role.APPROVER)
NOT_LEFT = Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "not_reached")


def end(payment_id: UUID, by: Actor = ADA) -> None:
    settle.end_payment(payment_id, reason="a drill", by=by)


def refused(payment_id: UUID) -> str:
    with pytest.raises(Refusal) as fault:
        end(payment_id)
    return fault.value.code


def broken() -> list[str]:
    return [result.name for result in books.examine().broken]


def invoice_of(payment_id: UUID) -> Invoice:
    return Invoice.objects.get(pk=Payment.objects.get(pk=payment_id).source_id)


@pytest.fixture
def payments(world, scripted) -> dict[str, UUID]:
    return fill(world, scripted)


def test_money_of_another_amount_lets_its_payment_end(payments):
    one, before, was = payments["differs"], Transfer.objects.count(), broken()
    subscription = invoice_of(one).subscription_id
    assert invoice_of(one).collecting_minor == 1000
    end(one)
    found = Payment.objects.get(pk=one)
    assert (found.state, found.settled_minor, found.parked_at) == ("canceled", 0, None)
    assert Attempt.objects.get(payment_id=one).state == "succeeded"
    assert (Transfer.objects.count(), broken()) == (before, was)
    assert (invoice_of(one).collecting_minor, invoice_of(one).reason_code) == (0, "payment_in_question")
    sentence = story.sentence(found)
    assert "What arrived is in suspense. A person decides: 900 USDC arrived" in sentence
    assert "Nothing was collected" not in sentence
    events = Event.objects.filter(object_id=one, object_kind="payment").order_by("seq")
    assert (events.last().type, events.last().seq) == ("payment.canceled", found.version)
    with pytest.raises(Refusal):
        trigger.trigger(subscription)
    case = Case.objects.get(payment_id=one)
    suspense.return_money(case.pk, reason="a drill", by=ADA)
    assert again.in_question([found.source_id]) == {}
    assert trigger.trigger(subscription).scheduled == [found.source_id]


def test_what_was_paid_under_an_earlier_attempt_ends_as_a_late_success(world, scripted):
    subscription = subscribe(world)
    world.bill()
    one = open_payment(subscription)
    mark()
    say(one, NOT_LEFT)
    say(one, paid(**WHOLE, **NETWORK))
    assert Payment.objects.get(pk=one).parked_at is not None
    before = Transfer.objects.count()
    end(one)
    found = Payment.objects.get(pk=one)
    assert (found.state, found.settled_minor, found.failure_code) == ("succeeded_late", 1000, "")
    assert Transfer.objects.count() == before
    assert broken() == []
    assert (invoice_of(one).collecting_minor, invoice_of(one).collected_minor) == (0, 0)
    assert again.in_question([found.source_id]) == {found.source_id: again.ARRIVED_LATE}
    told = Event.objects.filter(object_id=one, object_kind="payment").order_by("seq")
    assert [each.type for each in told][-2:] == ["payment.canceled", "payment.succeeded_late"]


def test_what_may_still_move_money_is_not_ended(payments):
    pending, waiting, differs = (payments[name] for name in ("pending", "waiting", "differs"))
    assert refused(pending) == "not_parked"
    assert refused(payments["late"]) == "payment_ended"
    assert refused(UUID(int=1)) == "payment_unknown"
    Payment.objects.filter(pk__in=(pending, waiting)).update(parked_at=clock.machine_now(), parked_reason="x")
    assert refused(pending) == "attempt_unresolved"
    assert refused(waiting) == "may_go_on"
    Case.objects.filter(payment_id=differs).update(attempt_id=None)  # another attempt's
    assert refused(differs) == "attempt_unresolved"
    with pytest.raises(NotAllowed):
        end(differs, Actor("olga", "user", Role.OPERATOR))


def test_what_its_source_refuses_stays_as_it_is(payments):
    one = payments["differs"]
    Invoice.objects.filter(pk=invoice_of(one).pk).update(collecting_minor=0)
    assert refused(one) == "source_refused"
    assert Payment.objects.get(pk=one).state == "in_flight"
    assert Attempt.objects.get(payment_id=one).state == "unknown"
