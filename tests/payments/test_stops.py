"""What was told to stop is not signed, not signed anew, not sent again, whatever stood in the way of a call-back."""

from __future__ import annotations

import time
from uuid import UUID

import pytest
from django.db import OperationalError

from engine.core import clock
from engine.core.actor import SYSTEM
from engine.core.ids import uuid7
from engine.providers import registry
from engine.providers.base import FailureClass, Finding, Outcome
from payments import cancel, cases, methods, operate
from payments.models import Attempt, Case, PaymentMethod
from payments.pipeline import evidence, stop, tick, verify
from payments.pipeline.evidence import Said
from tests.payments.scripted import paid
from tests.payments.steps import LANE, absence_may_be_read, apply_all, mark, run

NOT_LEFT = Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "not_reached")
SEEN = Finding(Outcome.PENDING, code="confirmed", provisional=True)
GONE = Finding(Outcome.ABSENT, FailureClass.TECHNICAL, "expired")
MISSING = Finding(Outcome.MISSING, code="missing")
WHY = {"code": "stopped", "reason": "Enough."}


def call_back(payment, one: UUID) -> list[UUID]:
    return cancel.call_back("test", [payment(one).source_id], **WHY, machine_at=clock.machine_now())


def say(attempt: Attempt, finding: Finding, source: str = "lookup") -> None:
    evidence.store([Said(attempt.pk, attempt.payment_id, 1, source, finding)])
    apply_all()


def test_what_a_case_keeps_is_recalled_once_it_is_closed(world, new_payment, payment, told, monkeypatch):
    one = new_payment()
    world.replies[one] = [NOT_LEFT]
    run(monkeypatch)
    say(Attempt.objects.get(), SEEN)
    assert call_back(payment, one) == []
    assert (payment(one).state, payment(one).stop_code) == ("scheduled", "stopped")
    assert cancel.recall() == 0, "its case is open"
    absence_may_be_read()
    say(Attempt.objects.get(), GONE)
    cases.close_case(Case.objects.get().pk, resolution="nothing moved", reason="looked", by=SYSTEM)
    operate.unpark(one, reason="go on", by=SYSTEM)
    time.sleep(0.05)
    assert mark() == [], "signed anew after it was stopped"
    assert "payments.apply" in [wake.task for wake in tick.wanted()]
    assert cancel.recall() == 1
    assert (payment(one).state, payment(one).failure_message) == ("canceled", "Enough.")
    assert [(each.state, each.failure_code) for each in told] == [("canceled", "stopped")]


@pytest.fixture
def method(world) -> PaymentMethod:
    return PaymentMethod.objects.create(id=uuid7(), customer_id=uuid7(), provider="scripted", currency="USDC",
                                        details={}, state="active", created_at=clock.machine_now())  # fmt: skip


def test_evidence_in_the_way_of_a_removal_is_no_way_round_it(
    world, new_payment, payment, method, monkeypatch
):
    one = new_payment(method_id=method.pk)
    world.replies[one] = [NOT_LEFT]
    run(monkeypatch)
    evidence.store([Said(Attempt.objects.get().pk, one, 1, "lookup", NOT_LEFT)])
    methods.remove(method.pk, reason="gone")
    apply_all()
    time.sleep(0.05)
    assert mark() == [], "signed from a removed method"
    assert cancel.recall() == 1
    assert payment(one).state == "canceled"


def test_a_payment_made_while_its_method_went_is_told_by_mark_sent(world, new_payment, payment, method):
    """Finalize read the method before it was removed, and committed after: the removal saw no payment."""
    one, other = new_payment(method_id=method.pk), new_payment()
    PaymentMethod.objects.update(state="removed")
    assert [each.sendable.payment_id for each in mark()] == [other]
    assert (payment(one).state, payment(one).stop_code) == ("scheduled", "payment_method_removed")
    assert cancel.recall() == 1


def test_an_open_case_lets_nothing_be_signed_a_third_time(world, new_payment, payment, monkeypatch):
    """The first attempt was seen after it had been given up: the second is looked up to its end, and that is all."""
    one = new_payment()
    world.replies[one] = [NOT_LEFT]
    run(monkeypatch)
    first = Attempt.objects.get()
    time.sleep(0.05)
    assert len(mark()) == 1
    say(first, SEEN)
    operate.unpark(one, reason="look it up", by=SYSTEM)
    say(Attempt.objects.exclude(pk=first.pk).get(), NOT_LEFT, "local")
    time.sleep(0.2)
    assert mark() == []
    assert payment(one).state == "canceled"


def test_what_was_stopped_is_not_sent_again(world, new_payment, payment, monkeypatch):
    one = new_payment()
    world.looks[one] = [MISSING] * 5
    mark()
    call_back(payment, one)
    provider = registry.get("scripted")
    monkeypatch.setattr(type(provider), "sheet", provider.sheet)
    sends = Attempt.objects.get().send_no
    for _ in range(3):
        time.sleep(0.1)
        found = verify.take_open(LANE, most=50)
        if found:
            verify._look(provider, LANE, found)
        apply_all()
    assert Attempt.objects.get().send_no == sends


def test_a_refused_recall_is_parked(world, new_payment, payment, method, monkeypatch):
    from engine.core.errors import Refusal

    def refuse(changes):
        raise Refusal("over", "more than is due")

    one = new_payment(method_id=method.pk)
    PaymentMethod.objects.update(state="removed")
    mark()
    monkeypatch.setattr("tests.payments.conftest.listener", refuse)
    assert cancel.recall() == 0
    assert "its source refuses that" in payment(one).parked_reason


def test_what_was_paid_after_all_is_never_recalled(world, new_payment, payment, monkeypatch):
    one = new_payment()
    world.replies[one] = [NOT_LEFT]
    run(monkeypatch)
    say(Attempt.objects.get(), paid(gross_minor=1000, currency="USDC", fee_minor=50))
    call_back(payment, one)
    Case.objects.update(closed_at=clock.machine_now())
    assert cancel.recall() == 0


def test_one_stop_that_fails_keeps_no_other_from_being_taken_back(world, new_payment, payment, monkeypatch):
    """They come in the same order every time."""
    first, second = sorted([new_payment(), new_payment()])
    for one in (first, second):
        stop.tell([one], code="stopped", reason="Enough.")
    cancel_one = cancel._cancel

    def fail(locked, *rest):
        if first in locked:
            raise ValueError("a row that nobody thought of")
        return cancel_one(locked, *rest)

    monkeypatch.setattr(cancel, "_cancel", fail)
    assert cancel.recall() == 1
    assert payment(second).state == "canceled"
    assert (payment(first).state, payment(first).parked_reason) == (
        "scheduled",
        "it was stopped, and that failed: ValueError: a row that nobody thought of",
    )


def test_a_lost_connection_parks_nothing(world, new_payment, payment, monkeypatch):
    one = new_payment()
    stop.tell([one], code="stopped", reason="Enough.")

    def gone(*_):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(cancel, "_cancel", gone)
    with pytest.raises(OperationalError):
        cancel.recall()
    assert payment(one).parked_at is None


def test_a_stop_that_takes_too_long_keeps_no_other_from_being_taken_back(
    world, new_payment, payment, monkeypatch
):
    """The connection stands: it was this one's own, and it is tried again."""
    first, second = sorted([new_payment(), new_payment()])
    for one in (first, second):
        stop.tell([one], code="stopped", reason="Enough.")
    cancel_one = cancel._cancel

    def slow(locked, *rest):
        if first in locked:
            cause = type("Slow", (Exception,), {"sqlstate": "57014"})()
            raise OperationalError("canceling statement due to statement timeout") from cause
        return cancel_one(locked, *rest)

    monkeypatch.setattr(cancel, "_cancel", slow)
    assert cancel.recall() == 1
    assert (payment(first).state, payment(first).parked_at) == ("scheduled", None)
    assert payment(second).state == "canceled"
