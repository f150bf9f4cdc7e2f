"""One payment from scheduled to its end, through every step of the pipeline, on a real database.

The lane's verbs are called one by one: the driver's threads are the crash tests' business.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

from engine.core import clock
from engine.core.actor import SYSTEM
from engine.ledger import balances
from engine.ledger.models import Transfer
from engine.outbox.models import Event
from engine.providers.base import FailureClass, Finding, Hold, HoldKind, Outcome
from payments.models import Attempt, Payment
from payments.pipeline import evidence, send, verify
from payments.pipeline.evidence import Said
from payments.pipeline.take import payables, take
from tests.payments.scripted import declined, paid
from tests.payments.steps import LANE, apply_all, look, mark, no_steps, run


def test_a_payment_is_sent_once_booked_once_and_told_once(world, new_payment, payment, told, monkeypatch):
    one = new_payment()
    run(monkeypatch)
    assert payment(one).state == "succeeded"
    assert payment(one).settled_minor == 1000
    assert [s.payment_id for s in world.sent] == [one]
    assert [(c.state, c.settled_minor) for c in told] == [("succeeded", 1000)]
    legs = Transfer.objects.filter(source_id=one).order_by("seq").values_list("kind", "seq", "amount_minor")
    assert list(legs) == [
        ("payment.succeeded", 0, 950),
        ("payment.succeeded", 1, 50),
        ("payment.succeeded", 2, 50),
    ]
    accounts = payment(one).accounts
    amounts = balances.balances(accounts.values())
    assert amounts[accounts["settled_direct"]] == 950
    assert amounts[accounts["clearing"]] == 50
    assert amounts[accounts["receivable"]] == -1000
    assert amounts[accounts["fee_income"]] == -50
    types = Event.objects.filter(object_id=one).order_by("seq").values_list("type", flat=True)
    assert list(types) == ["payment.scheduled", "payment.sent", "payment.succeeded"]


def test_a_decline_fails_the_payment_for_its_true_reason(world, new_payment, payment, told, monkeypatch):
    one = new_payment()
    world.looks[one] = [declined(network_fee_minor=5000, network_currency="SOL")]
    run(monkeypatch)
    assert (payment(one).state, payment(one).failure_code) == ("failed", "allowance_too_small")
    assert payment(one).failure_class == FailureClass.PAYER_ACTION
    assert [(c.state, c.failure_code) for c in told] == [("failed", "allowance_too_small")]
    assert Transfer.objects.get().kind == "attempt.network_fee"


def test_no_answer_is_unknown_and_is_never_sent_under_a_new_identity(
    world, new_payment, payment, monkeypatch
):
    one = new_payment()
    world.replies[one] = [Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "timeout")]
    world.looks[one] = [Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "cannot_tell")]
    run(monkeypatch)
    assert payment(one).state == "in_flight"
    assert Attempt.objects.get(payment_id=one).state == "unknown"
    assert mark() == []
    assert len(world.sent) == 1


def test_what_may_be_shown_as_paid_is_told_once_and_booked_at_its_end(
    world, new_payment, payment, monkeypatch
):
    one = new_payment()
    seen = Finding(Outcome.PENDING, code="confirmed", provisional=True)
    world.looks[one] = [
        seen,
        replace(seen, code="confirmed_by_more"),
        paid(gross_minor=1000, currency="USDC"),
    ]
    types = Event.objects.filter(object_id=one).order_by("seq").values_list("type", flat=True)
    run(monkeypatch)
    look()
    first = payment(one).provisional_at
    assert (payment(one).state, first is None) == ("in_flight", False)
    assert list(types) == ["payment.scheduled", "payment.sent", "payment.confirmed"]
    assert not Transfer.objects.filter(source_id=one).exists()
    look()
    assert (payment(one).state, payment(one).provisional_at) == ("succeeded", first)
    assert list(types.all())[2:] == ["payment.confirmed", "payment.succeeded"]


def test_absence_is_not_read_before_the_send_is_over(world, new_payment, payment, monkeypatch):
    one = new_payment()
    world.looks[one] = [Finding(Outcome.ABSENT, FailureClass.TECHNICAL, "expired")]
    run(monkeypatch)
    assert payment(one).state == "in_flight"
    assert Attempt.objects.get().state != "not_sent"
    time.sleep(0.4)
    look()  # it had been seen: first it is unknown,
    look()  # then it is proved absent
    assert Attempt.objects.get().state == "not_sent"
    assert (payment(one).state, payment(one).waiting) == ("scheduled", "retry")
    assert Event.objects.filter(object_id=one).latest("seq").type == "payment.rescheduled"
    time.sleep(0.03)
    world.looks[one] = []
    run(monkeypatch)
    assert payment(one).state == "succeeded"
    assert [a.state for a in Attempt.objects.order_by("seq")] == ["not_sent", "succeeded"]


def test_a_send_that_did_not_leave_is_tried_again_then_waits_for_the_provider(
    world, new_payment, payment, told, monkeypatch
):
    one = new_payment()
    world.replies[one] = [Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "rate_limited")]
    for _ in range(3):
        run(monkeypatch)
        time.sleep(0.1)
    found = payment(one)
    assert (found.state, found.waiting, found.short_tries) == ("scheduled", "provider", 3)
    assert told == []


def test_a_worker_that_was_stopped_too_long_does_not_send(world, new_payment, payment, monkeypatch):
    one = new_payment()
    marked = mark()
    time.sleep(0.25)
    finding, source = send.send(world, marked[0], no_steps)
    assert (finding.outcome, finding.code, source) == (Outcome.NOT_LEFT, "window_over", "local")
    assert world.sent == []
    sendable = marked[0].sendable
    evidence.store([Said(sendable.attempt_id, one, 1, source, finding)])
    apply_all()
    assert payment(one).state == "scheduled"


def test_not_left_speaks_for_its_own_send_alone(world, new_payment, payment, monkeypatch):
    one = new_payment()
    mark()
    attempt = Attempt.objects.get()
    Attempt.objects.update(send_no=2)
    not_left = Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "window_over")
    evidence.store([Said(attempt.pk, one, 2, "local", not_left)])
    apply_all()
    assert payment(one).state == "in_flight"
    evidence.store([Said(attempt.pk, one, 1, "local", not_left)])
    apply_all()
    assert payment(one).state == "scheduled"


def test_what_is_missing_is_sent_again_under_the_same_identity(world, new_payment, payment, monkeypatch):
    one = new_payment()
    world.looks[one] = [Finding(Outcome.MISSING, code="not_seen")]
    run(monkeypatch)
    assert payment(one).state == "in_flight"
    time.sleep(0.4)
    found = verify.take_open(LANE, most=50)
    again = verify._to_send_again(world, LANE, found, world.lookup([verify._asked(f, LANE) for f in found]))
    from payments.pipeline import resend

    marked = resend.mark(world, LANE, again, free=5)
    assert resend.mark(world, LANE, again, free=5) == []  # the fence has one winner
    send.send(world, marked[0], no_steps)
    assert [s.identity for s in world.sent] == [world.sent[0].identity] * 2
    assert [s.send_no for s in world.sent] == [1, 2]
    assert world.sent[0].envelope == world.sent[1].envelope


def test_one_queue_goes_one_at_a_time_and_oldest_first(world, new_payment, payment, monkeypatch):
    from engine.core.ids import uuid7

    queue, now = uuid7(), clock.machine_now()
    younger = new_payment(queue_key=queue, due_at=now)
    older = new_payment(queue_key=queue, due_at=now - timedelta(days=1))
    assert [m.sendable.payment_id for m in mark()] == [older]
    assert payment(younger).waiting == "queue"
    run(monkeypatch)

    attempt = Attempt.objects.get(payment_id=older)
    evidence.store(
        [Said(attempt.pk, older, 1, "lookup", paid(gross_minor=1000, currency="USDC", fee_minor=50))]
    )
    apply_all()
    assert [m.sendable.payment_id for m in mark()] == [younger]


def test_a_payment_taken_four_times_without_a_result_is_parked(world, new_payment, payment):
    one = new_payment()
    for _ in range(4):
        assert len(take(*LANE, most=5)) == 1
        time.sleep(0.55)
    assert take(*LANE, most=5) == []
    assert "worker down" in payment(one).parked_reason


def test_what_was_taken_twice_without_a_result_comes_alone(world, new_payment):
    """One that takes its worker down must not park the healthy ones that were taken with it."""
    suspects = {new_payment() for _ in range(3)}
    Payment.objects.update(taken_count=2)
    fresh = new_payment()
    assert [one.payment_id for one in take(*LANE, most=5)] == [fresh], "who is not suspected goes first"
    alone = [take(*LANE, most=5) for _ in range(3)]
    assert [len(each) for each in alone] == [1, 1, 1]
    assert {one.payment_id for each in alone for one in each} == suspects


def test_the_kill_switch_and_a_pause_stop_signing(world, new_payment):
    from payments import switches

    new_payment()
    switches.stop_sending(reason="drill", by=SYSTEM)
    assert mark() == []
    switches.start_sending(reason="drill", by=SYSTEM)
    switches.pause("scripted", reason="drill", by=SYSTEM)
    time.sleep(0.55)
    assert mark() == []
    switches.resume("scripted", reason="drill", by=SYSTEM)
    time.sleep(0.55)
    assert len(mark()) == 1


def test_an_outage_uses_up_no_try(world, new_payment, payment, told):
    from engine.providers.base import ProviderUnavailable
    from payments.pipeline import driver

    one = new_payment()
    world.down = ProviderUnavailable("node_unreachable", "connection refused")
    wanted = payables(take(*LANE, most=5), "charge", machine_at=clock.machine_now())
    driver._wait_for_provider(wanted, world.down)
    found = payment(one)
    assert (found.state, found.waiting, found.short_tries, found.taken_count) == (
        "scheduled",
        "provider",
        0,
        0,
    )
    assert told == []


def test_a_payment_that_can_not_be_signed_is_parked_and_stops_no_other(
    world, new_payment, payment, monkeypatch
):
    from engine.core.errors import Refusal
    from payments.pipeline import driver
    from payments.pipeline.outbound import Outbound

    bad, good = new_payment(), new_payment()
    answer = world.prepare

    def refuse(payables, context):
        if any(one.payment_id == bad for one in payables):
            raise Refusal("instructions_invalid", "there is no payee", param="instructions")
        return answer(payables, context)

    monkeypatch.setattr(world, "prepare", refuse)
    monkeypatch.setattr(Outbound, "put", lambda self, marked: world.sent.append(marked.sendable))
    with Outbound(world, threads=4) as outbound:
        assert driver._start_some(LANE, world, outbound) is True
    assert "no payee" in payment(bad).parked_reason
    assert payment(bad).state == "scheduled"
    assert [one.payment_id for one in world.sent] == [good]


def test_who_is_forestalled_after_signing_waits_and_nothing_of_it_is_kept(world, new_payment, payment):
    one, other = new_payment(), new_payment()
    world.late_holds[one] = Hold(one, HoldKind.PAYEE, "destination_opening", "another payment opens it", 5)
    assert [m.sendable.payment_id for m in mark()] == [other]
    assert [attempt.payment_id for attempt in Attempt.objects.all()] == [other]
    found = payment(one)
    assert (found.state, found.waiting, found.failure_code) == ("scheduled", "payee", "destination_opening")
    assert found.next_action_at > clock.machine_now()
