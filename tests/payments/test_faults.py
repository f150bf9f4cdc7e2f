"""Bugs and odd answers: they stop one payment at most, lose nothing, and park nothing that is healthy."""

from __future__ import annotations

import time

import pytest
from django.conf import settings
from django.db import IntegrityError, OperationalError

from engine.core import clock, sql
from engine.core.states import IllegalMove
from engine.ledger.models import Transfer
from engine.outbox.emit import NewEvent, emit
from engine.providers.base import FailureClass, Finding, Outcome
from ops import books
from payments.models import Attempt, Evidence, Payment, ProviderSwitch
from payments.pipeline import apply, driver, evidence, park, resend, tick, verify
from payments.pipeline.evidence import Said
from payments.pipeline.outbound import Outbound
from tests.payments.scripted import paid
from tests.payments.steps import LANE, apply_all, mark, run


@pytest.mark.parametrize("fault", [IllegalMove("no such move"), IntegrityError("over"), KeyError("bug")])
def test_a_failing_hook_can_not_keep_money_out_of_the_books(world, new_payment, payment, monkeypatch, fault):
    def fail(changes):
        raise fault

    monkeypatch.setattr("tests.payments.conftest.listener", fail)
    one = new_payment()
    run(monkeypatch)
    found = payment(one)
    assert found.state == "succeeded"
    assert type(fault).__name__ in found.parked_reason
    assert sorted(Transfer.objects.values_list("kind", "amount_minor")) == [
        ("payment.refused", 50),
        ("payment.refused", 950),
    ]


def slow(*_: object, **__: object) -> None:
    """A statement that the server stops."""
    sql.rows("SET LOCAL statement_timeout = '20ms'")
    sql.rows("SELECT pg_sleep(5)")


@pytest.mark.parametrize("where", ["the hook", "the park of what can't be applied"])
def test_what_takes_too_long_is_applied_later_and_keeps_no_other(
    world, new_payment, payment, monkeypatch, where
):
    late, good = new_payment(), new_payment()
    mark()
    for each in Attempt.objects.all():
        found = paid(gross_minor=1000, currency="USDC", fee_minor=50)
        evidence.store([Said(each.pk, each.payment_id, 1, "lookup", found)])
    with monkeypatch.context() as until:
        if where == "the hook":
            until.setattr(
                "tests.payments.conftest.listener",
                lambda changes: [slow() for change in changes if change.payment_id == late],
            )
        else:
            accounts = payment(late).accounts
            Payment.objects.filter(pk=late).update(accounts={})
            until.setattr(park, "park", slow)
        assert apply.apply() == 1
        may_be_tried()
        assert apply.apply() == 0
        assert (payment(good).state, payment(good).parked_at) == ("succeeded", None)
        assert (payment(late).state, payment(late).parked_at) == ("in_flight", None)
    if where != "the hook":
        Payment.objects.filter(pk=late).update(accounts=accounts)
    may_be_tried()
    apply_all()
    assert payment(late).state == "succeeded"


def test_one_odd_answer_stops_no_other_look(world, new_payment, payment, monkeypatch):
    bad, good, fine = new_payment(), new_payment(), new_payment()
    assert len(mark()) == 3
    time.sleep(0.6)
    answer = world.lookup

    def lookup(asked):
        if any(one.payment_id == bad for one in asked):
            raise ValueError("an answer of no known form")
        return answer(asked)

    with monkeypatch.context() as until:
        until.setattr(world, "lookup", lookup)
        verify.verify(LANE)
    apply_all()
    assert [payment(each).state for each in (good, fine)] == ["succeeded", "succeeded"]
    found = payment(bad)
    assert (found.state, found.failure_code, found.parked_at) == ("in_flight", "lookup_raised", None)
    time.sleep(0.6)
    verify.verify(LANE)
    apply_all()
    assert payment(bad).state == "succeeded"


def test_what_the_database_can_not_hold_keeps_no_other_evidence_out(world, new_payment, payment):
    odd, good = new_payment(), new_payment()
    mark()
    attempts = {each.payment_id: each.pk for each in Attempt.objects.all()}
    answers = {odd: paid(gross_minor=2**70, currency="USDC"), good: paid(gross_minor=1000, currency="USDC")}
    evidence.store([Said(attempts[one], one, 1, "lookup", finding) for one, finding in answers.items()])
    apply_all()
    assert payment(good).state == "succeeded"
    assert (payment(odd).state, "can't be stored" in payment(odd).parked_reason) == ("in_flight", True)


@pytest.mark.parametrize(
    "odd", [{"message": None}, {"code": None}, {"network_fee_minor": None}, {"detail": 7}]
)
def test_an_adapters_slip_keeps_no_other_evidence_out(world, new_payment, payment, odd):
    slipped, good = new_payment(), new_payment()
    mark()
    attempts = {each.payment_id: each.pk for each in Attempt.objects.all()}
    whole = {"gross_minor": 1000, "currency": "USDC"}
    answers = {slipped: paid(**whole, **odd), good: paid(**whole)}
    evidence.store([Said(attempts[one], one, 1, "lookup", finding) for one, finding in answers.items()])
    apply_all()
    assert payment(good).state == "succeeded"
    assert payment(slipped).state == "succeeded" or payment(slipped).parked_at is not None


def test_what_can_be_neither_booked_nor_parked_stops_nobody_behind_it(world, new_payment, payment):
    """The next version of its events is taken already: so fails the booking, and the parking after it."""
    stuck, good = new_payment(), new_payment()
    mark()
    now, whole = clock.machine_now(), {"gross_minor": 1000, "currency": "USDC"}
    for each in Attempt.objects.all():
        evidence.store([Said(each.pk, each.payment_id, 1, "lookup", paid(**whole))])
    emit(
        [NewEvent("payment.odd", "payment", stuck, payment(stuck).version + 1, 0, now, None, {})],
        machine_at=now,
    )
    assert apply.drain(seconds=5) == 1
    assert payment(good).state == "succeeded"
    assert Evidence.objects.get(payment_id=stuck).applied_at is None
    found = {result.name: result.count for result in books.examine(evidence_minutes=0).results}
    assert found["evidence"] == 1


def test_what_is_tried_later_takes_no_room_and_keeps_its_turn(world, new_payment, payment, monkeypatch):
    """A batch of one: what is stuck and first in order would fill it again and again. Nor does any other go alone."""
    stuck, good = sorted((new_payment(), new_payment()))
    mark()
    attempts = {each.payment_id: each.pk for each in Attempt.objects.all()}
    whole = paid(gross_minor=1000, currency="USDC")
    evidence.store([Said(attempts[stuck], stuck, 1, "lookup", Finding(Outcome.PENDING, code="seen"))])
    evidence.store([Said(attempts[stuck], stuck, 1, "lookup", whole)])
    evidence.store([Said(attempts[good], good, 1, "lookup", whole)])
    with monkeypatch.context() as until:
        for step in ("_work", "_book_or_park"):
            until.setattr(apply, step, fault_of_ours)
        until.setattr(settings.ENV, "payment_retry_delay", 600_000)
        assert apply.apply(batch=1) == 0
    with monkeypatch.context() as until:
        until.setattr(apply, "_apply_one", fault_of_ours)
        assert [apply.apply(batch=1), apply.apply(batch=1)] == [1, 0]
        assert tick.wanted() == []
    assert (payment(good).state, payment(stuck).state) == ("succeeded", "in_flight")
    said = Evidence.objects.filter(payment_id=stuck).order_by("pk")
    assert list(said.values_list("tries", flat=True)) == [1, 0]
    may_be_tried()
    assert [wake.task for wake in tick.wanted()] == ["payments.apply"]
    apply_all()
    assert payment(stuck).state == "succeeded"


def fault_of_ours(*_: object, **__: object) -> None:
    raise ZeroDivisionError


def may_be_tried() -> None:
    """As if the wait of what was tried in vain were over."""
    Evidence.objects.filter(try_at__isnull=False).update(try_at=clock.machine_now())


@pytest.mark.parametrize("said", ["maybe", 1, None, "true"])
def test_a_word_that_parks_is_true_and_nothing_else(world, new_payment, payment, said):
    one = new_payment()
    mark()
    finding = Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "odd", detail={"park": said})
    evidence.store([Said(Attempt.objects.get().pk, one, 1, "lookup", finding)])
    apply_all()
    assert payment(one).parked_at is None
    verify.take_open(LANE, most=5)


def test_evidence_goes_without_its_text_before_it_is_given_up(world, new_payment, payment):
    one = new_payment()
    mark()
    odd = paid(gross_minor=1000, currency="USDC", detail={"what": {1, 2}, 3: float("nan"), "4": 4})
    evidence.store([Said(Attempt.objects.get().pk, one, 1, "lookup", odd)])
    assert (Evidence.objects.get().outcome, Evidence.objects.get().detail) == ("succeeded", {})


class Boom(RuntimeError):
    pass


def work(world) -> None:
    """One batch, as a lane's driver works it."""
    with Outbound(world, threads=4) as outbound:
        driver._start_some(LANE, world, outbound)


def test_a_fault_of_the_house_parks_nobody(world, new_payment, payment, monkeypatch):
    ids = [new_payment() for _ in range(3)]

    def boom(wanted):
        raise Boom("a bug in the adapter")

    monkeypatch.setattr(world, "context", boom)
    for _ in range(6):
        with pytest.raises(Boom):
            work(world)
        time.sleep(0.55)
    for found in map(payment, ids):
        assert (found.taken_count, found.parked_at, found.waiting) == (0, None, "provider")
        assert "a bug in the adapter" in found.failure_message


def test_a_lost_connection_counts_as_no_take(world, new_payment, payment, monkeypatch):
    one = new_payment()

    def lost(*args, **kwargs):
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr(driver, "mark_sent", lost)
    for _ in range(6):
        with pytest.raises(OperationalError):
            work(world)
    assert (payment(one).taken_count, payment(one).parked_at) == (0, None)
    assert payment(one).next_action_at <= clock.machine_now()


def test_one_payments_bug_stops_no_other_and_fails_the_run(world, new_payment, payment, monkeypatch):
    bad, good = new_payment(), new_payment()
    answer = world.prepare

    def prepare(wanted, context):
        if any(one.payment_id == bad for one in wanted):
            raise Boom("a bug in the adapter")
        return answer(wanted, context)

    monkeypatch.setattr(world, "prepare", prepare)
    monkeypatch.setattr(Outbound, "put", lambda self, marked: world.sent.append(marked.sendable))
    with pytest.raises(Boom):
        work(world)
    assert [one.payment_id for one in world.sent] == [good]
    assert (payment(bad).waiting, payment(bad).taken_count) == ("provider", 0)


def test_nothing_is_sent_again_before_what_was_said_is_applied(world, new_payment, payment):
    one = new_payment()
    mark()
    time.sleep(0.6)
    (looked,) = verify.take_open(LANE, most=5)
    evidence.store([Said(looked.attempt_id, one, 1, "callback", Finding(Outcome.PENDING, code="seen"))])
    assert resend.mark(world, LANE, [looked], free=4) == []
    apply_all()
    assert len(resend.mark(world, LANE, [looked], free=4)) == 1


def test_what_is_sent_again_takes_a_slot(world, new_payment):
    from payments.pipeline.mark_sent import slots

    new_payment()
    mark()
    time.sleep(0.6)
    (looked,) = verify.take_open(LANE, most=5)
    assert Attempt.objects.get().state == "unknown"
    ProviderSwitch.objects.update(concurrency=1)
    assert slots("scripted", free=4, now=clock.machine_now()) == 1
    assert len(resend.mark(world, LANE, [looked], free=4)) == 1
    assert slots("scripted", free=4, now=clock.machine_now()) == 0
