"""Interleavings that once ended in a wrong place; each test fails without its rule."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from django.db import InternalError, transaction

from engine.core import clock, sql
from engine.core.actor import SYSTEM
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.ledger.models import Transfer
from engine.providers.base import FailureClass, Finding, Outcome
from payments import cancel, operate
from payments.models import Attempt, Case, Evidence, Payment
from payments.pipeline import apply, evidence, take, verify
from payments.pipeline.evidence import Said
from tests.payments.scripted import declined, paid
from tests.payments.steps import LANE, apply_all, look, mark, run

NOT_LEFT = Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "not_reached")
GOOD = paid(gross_minor=1000, currency="USDC", fee_minor=50)


def test_the_payer_can_not_call_back_what_money_arrived_for(world, new_payment, payment, monkeypatch):
    one = new_payment()
    world.replies[one] = [NOT_LEFT]
    run(monkeypatch)
    evidence.store([Said(Attempt.objects.get().pk, one, 1, "lookup", GOOD)])
    source = payment(one).source_id
    for _ in range(2):  # first with the evidence unapplied, then with its case open
        now = clock.machine_now()
        assert (
            cancel.call_back("test", [source], code="canceled", reason="changed my mind", machine_at=now)
            == []
        )
        apply_all()
    assert payment(one).state == "scheduled"
    assert payment(one).parked_at is not None


def test_what_is_scheduled_is_called_back(world, new_payment, payment):
    one = new_payment()
    source = payment(one).source_id
    now = clock.machine_now()
    assert cancel.call_back("test", [source], code="canceled", reason="changed my mind", machine_at=now) == [
        source
    ]
    assert payment(one).state == "canceled"
    assert mark() == []


def test_what_was_called_back_on_its_way_is_not_signed_anew(world, new_payment, payment, told):
    one, other = new_payment(), new_payment()
    mark()
    now = clock.machine_now()
    sources = [payment(each).source_id for each in (one, other)]
    assert cancel.call_back("test", sources, code="stopped", reason="Enough.", machine_at=now) == []
    for each, finding in ((one, NOT_LEFT), (other, GOOD)):
        attempt = Attempt.objects.get(payment_id=each)
        evidence.store([Said(attempt.pk, each, 1, "reply" if finding is GOOD else "local", finding)])
    apply_all()
    assert (payment(one).state, payment(other).state) == ("canceled", "succeeded")
    assert payment(one).failure_message == "Enough."
    assert {(each.state, each.failure_code) for each in told} == {("canceled", "stopped"), ("succeeded", "")}
    assert mark() == []


@pytest.mark.parametrize(("second", "ends"), [(NOT_LEFT, "succeeded_late"), (GOOD, "succeeded")])
def test_an_earlier_attempt_that_was_paid_stops_the_next_one_but_not_its_looks(
    world, new_payment, payment, monkeypatch, second, ends
):
    """Attempt 2 is on its way: it is looked up to its end and booked, and nothing is signed a third time."""
    one = new_payment()
    world.replies[one] = [NOT_LEFT]
    run(monkeypatch)
    first = Attempt.objects.get()
    time.sleep(0.05)
    assert len(mark()) == 1
    evidence.store([Said(first.pk, one, 1, "lookup", GOOD)])
    apply_all()
    assert (payment(one).state, payment(one).parked_at, payment(one).stop_code) == (
        "in_flight",
        None,
        "paid_earlier",
    )
    latest = Attempt.objects.exclude(pk=first.pk).get()
    second = replace(second, movement_id="another")
    evidence.store(
        [Said(latest.pk, one, 1, "reply" if second.outcome is Outcome.SUCCEEDED else "local", second)]
    )
    apply_all()
    assert payment(one).state == ends
    assert Case.objects.get().kind == "paid_after_close"
    assert mark() == []


def test_a_look_outranks_the_reply_that_gave_the_attempt_up(world, new_payment, payment, monkeypatch):
    one = new_payment()
    world.replies[one] = [NOT_LEFT]
    run(monkeypatch)
    seen = Finding(Outcome.PENDING, code="confirmed", provisional=True)
    evidence.store([Said(Attempt.objects.get().pk, one, 1, "lookup", seen)])
    apply_all()
    assert "given up" in payment(one).parked_reason
    assert Case.objects.get().kind == "seen_after_end"
    time.sleep(0.05)
    assert mark() == []


def test_a_session_that_was_cut_off_is_no_refusal(world, new_payment, payment, told, monkeypatch):
    one = new_payment()
    run_until_applied = apply._work

    def cut(ids, *, refused=""):
        fault = InternalError("terminating connection due to idle-in-transaction timeout")
        fault.__cause__ = type("Cut", (Exception,), {"sqlstate": "25P03"})()
        raise fault

    mark()
    evidence.store([Said(Attempt.objects.get().pk, one, 1, "lookup", GOOD)])
    monkeypatch.setattr(apply, "_work", cut)
    with pytest.raises(InternalError):
        apply.apply()
    monkeypatch.setattr(apply, "_work", run_until_applied)
    apply_all()
    assert payment(one).state == "succeeded"
    assert payment(one).parked_at is None
    assert not Transfer.objects.filter(kind="payment.refused").exists()


def test_the_same_evidence_is_applied_once(world, new_payment, payment, monkeypatch):
    one = new_payment()
    world.looks[one] = [Finding(Outcome.ABSENT, FailureClass.TECHNICAL, "expired")]
    run(monkeypatch)
    time.sleep(0.4)
    look()  # pending -> unknown
    assert Attempt.objects.get().state == "unknown"
    applied = Evidence.objects.get(outcome="absent")
    apply._apply_one(applied.pk)
    assert Attempt.objects.get().state == "unknown"


def test_absence_is_dated_by_the_question(world, new_payment, payment, monkeypatch):
    one = new_payment()
    mark()
    attempt = Attempt.objects.get()
    early = clock.machine_now()
    time.sleep(0.4)
    absent = Finding(Outcome.ABSENT, FailureClass.TECHNICAL, "expired")
    evidence.store([Said(attempt.pk, one, 1, "lookup", absent)], observed_at=early)
    apply_all()
    assert Attempt.objects.get().state == "sent"
    evidence.store([Said(attempt.pk, one, 1, "lookup", absent)], observed_at=clock.machine_now())
    apply_all()
    assert Attempt.objects.get().state == "not_sent"


def test_absence_speaks_for_the_send_that_was_the_last_when_it_was_asked(world, new_payment, payment):
    one = new_payment()
    mark()
    attempt = Attempt.objects.get()
    Attempt.objects.update(send_no=2)
    time.sleep(0.4)
    absent = Finding(Outcome.ABSENT, FailureClass.TECHNICAL, "expired")
    evidence.store([Said(attempt.pk, one, 1, "lookup", absent)])
    apply_all()
    assert Attempt.objects.get().state == "sent"


def test_an_identity_is_not_sent_again_after_its_life(world, new_payment, monkeypatch):
    one = new_payment()
    world.looks[one] = [Finding(Outcome.MISSING, code="not_seen")]
    run(monkeypatch)
    time.sleep(0.5)
    monkeypatch.setattr(world, "sheet", replace(world.sheet, identity_seconds=0.4))
    taken = verify.take_open(LANE, most=5)
    found = world.lookup([verify._asked(each, LANE) for each in taken])
    assert taken
    assert verify._to_send_again(world, LANE, taken, found) == []
    monkeypatch.setattr(world, "sheet", replace(world.sheet, identity_seconds=3600))
    assert verify._to_send_again(world, LANE, taken, found) == taken


def test_a_movement_that_was_adopted_is_not_booked_again(world, new_payment, payment, monkeypatch):
    one = new_payment()
    world.replies[one] = [NOT_LEFT]
    run(monkeypatch)
    first = Attempt.objects.get()
    world.replies[one] = []
    world.looks[one] = [paid(gross_minor=1000, currency="USDC", fee_minor=50, movement_id="sig-1")]
    time.sleep(0.05)
    run(monkeypatch)
    assert payment(one).state == "succeeded"
    before = Transfer.objects.count()
    again = paid(gross_minor=1000, currency="USDC", fee_minor=50, movement_id="sig-1")
    evidence.store([Said(first.pk, one, 1, "lookup", again)])
    apply_all()
    assert Transfer.objects.count() == before


def test_one_unreadable_payment_stops_no_other(world, new_payment, payment, monkeypatch):
    bad, good = new_payment(), new_payment()
    Payment.objects.filter(pk=bad).update(accounts={})
    run(monkeypatch)
    assert payment(good).state == "succeeded"
    assert "can't be applied" in payment(bad).parked_reason
    assert payment(bad).state == "in_flight"


def test_a_success_that_could_not_be_applied_is_news_again(world, new_payment, payment, monkeypatch):
    one = new_payment()
    accounts = payment(one).accounts
    Payment.objects.filter(pk=one).update(accounts={})
    run(monkeypatch)
    assert payment(one).parked_at is not None
    Payment.objects.filter(pk=one).update(
        accounts=accounts, parked_at=None, parked_reason="", next_action_at=clock.machine_now()
    )
    look()
    assert payment(one).state == "succeeded"


def test_text_that_the_database_can_not_hold_loses_no_evidence(world, new_payment, payment):
    one = new_payment()
    mark()
    odd = Finding(Outcome.PENDING, code="ok\x00", message="a\x00b\ud800", detail={"k": "\x00"})
    evidence.store([Said(Attempt.objects.get().pk, one, 1, "reply", odd)])
    assert Evidence.objects.get().message == "ab?"


def test_only_the_head_of_a_queue_is_woken(world, new_payment, payment, monkeypatch):
    from datetime import timedelta

    queue, now = uuid7(), clock.machine_now()
    ids = [new_payment(queue_key=queue, due_at=now + timedelta(seconds=n)) for n in range(4)]
    run(monkeypatch)
    assert [payment(each).state for each in ids] == ["succeeded", "scheduled", "scheduled", "scheduled"]
    assert [payment(each).waiting for each in ids[1:]] == ["", "queue", "queue"]


def test_a_lane_goes_on_behind_rows_that_only_wait(world, new_payment, payment):
    from datetime import timedelta

    queue, now = uuid7(), clock.machine_now()
    head = new_payment(queue_key=queue, due_at=now - timedelta(days=1))
    Payment.objects.filter(pk=head).update(next_action_at=now + timedelta(days=1), waiting="funds")
    for _ in range(3):
        new_payment(queue_key=queue, due_at=now)
    first = take.look(*LANE, most=3)
    assert (first.rows, first.aside) == ([], True)
    free = new_payment()
    assert [row.payment_id for row in take.look(*LANE, most=3).rows] == [free]


def test_the_network_fee_of_a_mismatch_is_booked(world, new_payment, monkeypatch):
    one = new_payment()
    world.looks[one] = [
        paid(gross_minor=900, currency="USDC", fee_minor=50, network_fee_minor=5000, network_currency="SOL")
    ]
    run(monkeypatch)
    assert Transfer.objects.get(kind="attempt.network_fee").amount_minor == 5000


FEE = {"network_fee_minor": 5000, "network_currency": "SOL"}


def test_a_second_reading_of_an_attempt_is_booked_with_one_network_fee(
    world, new_payment, payment, monkeypatch
):
    one = new_payment()
    world.looks[one] = [paid(gross_minor=900, currency="USDC", fee_minor=50, movement_id="a", **FEE)]
    run(monkeypatch)
    right = paid(gross_minor=1000, currency="USDC", fee_minor=50, movement_id="b", **FEE)
    evidence.store([Said(Attempt.objects.get().pk, one, 1, "lookup", right)])
    apply_all()
    assert payment(one).state == "succeeded"
    kinds = sorted(Transfer.objects.values_list("kind", "seq", "amount_minor"))
    assert kinds == [
        ("attempt.network_fee", 1, 5000), ("payment.mismatch", 0, 850), ("payment.mismatch", 1, 50),
        ("payment.succeeded", 0, 950), ("payment.succeeded", 1, 50), ("payment.succeeded", 2, 50),
    ]  # fmt: skip


def test_never_more_is_booked_than_arrived(world, new_payment, monkeypatch):
    world.looks[new_payment()] = [paid(gross_minor=30, currency="USDC", fee_minor=None)]
    run(monkeypatch)
    assert list(Transfer.objects.values_list("kind", "amount_minor")) == [("payment.mismatch", 30)]


def test_what_has_no_movement_id_is_booked_once_however_often_it_is_looked_at(
    world, new_payment, monkeypatch
):
    one = new_payment()
    nameless = paid(gross_minor=900, currency="USDC", fee_minor=50, movement_id="")
    world.looks[one] = [nameless]
    run(monkeypatch)
    evidence.store([Said(Attempt.objects.get().pk, one, 1, "lookup", nameless)])
    apply_all()
    assert Transfer.objects.filter(kind="payment.mismatch").count() == 2  # one booking: its two legs
    assert Evidence.objects.latest("pk").verdict == "amount differs, booked before"


def test_a_send_inside_a_transaction_is_refused(world, new_payment):
    from payments.pipeline.outbound import Outbound

    new_payment()
    marked = mark()
    with Outbound(world, threads=1) as outbound, transaction.atomic():
        assert not sql.outside_transaction()
        with pytest.raises(RuntimeError, match="across a network call"):
            outbound.put(marked[0])
    assert world.sent == []


def test_a_decline_after_the_end_changes_nothing(world, new_payment, payment, told, monkeypatch):
    one = new_payment()
    run(monkeypatch)
    evidence.store([Said(Attempt.objects.get().pk, one, 1, "lookup", declined())])
    apply_all()
    assert payment(one).state == "succeeded"
    assert [change.state for change in told] == ["succeeded"]


def test_what_could_not_be_booked_of_an_earlier_attempt_is_a_case(world, new_payment, payment, monkeypatch):
    """Let go on without it, the payment would be signed anew beside money that is said to have come."""
    one = new_payment()
    world.replies[one] = [NOT_LEFT]
    run(monkeypatch)
    Payment.objects.filter(pk=one).update(accounts={})
    evidence.store([Said(Attempt.objects.get().pk, one, 1, "lookup", GOOD)])
    apply_all()
    assert "can't be applied" in payment(one).parked_reason
    with pytest.raises(Refusal) as fault:
        operate.unpark(one, reason="a drill", by=SYSTEM)
    assert fault.value.code == "case_open"
