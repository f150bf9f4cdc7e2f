"""One pull at a time per payment source, and one that is stuck holds nobody else up (I2)."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

import pytest

from engine.core import clock
from engine.core.ids import uuid7
from engine.providers.base import Hold, HoldKind
from payments.models import Payment
from payments.pipeline import park
from payments.pipeline.mark_sent import mark_sent
from payments.pipeline.take import look, payables, take
from tests.payments.steps import LANE, mark, run


@pytest.fixture
def queue(new_payment) -> tuple[UUID, UUID]:
    """An older payment of a source and a younger one."""
    key, now = uuid7(), clock.machine_now()
    older = new_payment(queue_key=key, due_at=now - timedelta(days=30), grace_until=now - timedelta(days=29))
    return older, new_payment(queue_key=key, due_at=now)


def marked() -> list[UUID]:
    return [one.sendable.payment_id for one in mark()]


def test_who_waits_for_the_payee_holds_nobody_up(world, queue, payment, monkeypatch):
    stuck, other = queue
    hold = Hold(stuck, HoldKind.PAYEE, "destination_missing", "was closed")
    answer = world.prepare

    def prepare(wanted, context):  # the payee is waited for beyond the grace window too
        return [hold if one.payment_id == stuck else answer([one], context)[0] for one in wanted]

    monkeypatch.setattr(world, "prepare", prepare)
    assert marked() == []
    assert payment(stuck).waiting == "payee"
    time.sleep(0.55)
    assert marked() == [other]


def test_who_waits_for_the_payee_goes_after_its_queue_and_goes_on_saying_so(world, queue, payment):
    stuck, other = queue
    Payment.objects.filter(pk=stuck).update(waiting="payee")
    assert marked() == [other]
    assert (payment(stuck).waiting, payment(stuck).taken_count) == ("payee", 0)
    time.sleep(0.55)
    assert marked() == []  # the other one is in flight


def test_who_is_parked_holds_nobody_up(world, queue):
    stuck, other = queue
    park.park([stuck], "a person looks at it", machine_at=clock.machine_now())
    assert marked() == [other]


def test_an_older_one_that_comes_later_waits_for_what_is_in_flight(world, new_payment, payment):
    key, now = uuid7(), clock.machine_now()
    first = new_payment(queue_key=key, due_at=now)
    assert marked() == [first]
    older = new_payment(queue_key=key, due_at=now - timedelta(days=1))
    assert look(*LANE, most=5) == ([], True)
    assert payment(older).waiting == "queue"


def test_one_that_went_in_flight_since_the_take_is_seen_when_marking(world, new_payment, payment):
    key, now = uuid7(), clock.machine_now()
    younger = new_payment(queue_key=key, due_at=now)
    taken = take(*LANE, most=5)
    older = new_payment(queue_key=key, due_at=now - timedelta(days=1))  # nobody is in flight yet
    assert marked() == [older]
    wanted = payables(taken, "charge", machine_at=clock.machine_now())
    assert mark_sent(world, wanted, None, free=5) == ([], [])
    found = payment(younger)
    assert (found.state, found.waiting, found.taken_count) == ("scheduled", "queue", 0)


def test_the_end_of_one_wakes_the_queue_past_who_waits_for_the_payee(
    world, new_payment, payment, monkeypatch
):
    key, now = uuid7(), clock.machine_now()
    stuck, first, second = (
        new_payment(queue_key=key, due_at=now + timedelta(seconds=each)) for each in range(3)
    )
    later = now + timedelta(hours=1)
    Payment.objects.filter(pk=stuck).update(waiting="payee", next_action_at=later)
    run(monkeypatch)
    assert (payment(first).state, payment(second).waiting) == ("succeeded", "")
