"""A payment told to a person: one sentence for each state, and one column of what happened."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.core import clock
from engine.core.actor import SYSTEM
from engine.core.timeline import when
from payments import operate, story
from payments.models import Attempt, Payment
from tests.ops.conftest import scripted, world  # noqa: F401
from tests.ops.world import fill, open_payment, settle, subscribe


@pytest.fixture
def payments(world, scripted):  # noqa: F811
    return fill(world, scripted)


def told(payment_id, **changes) -> str:
    payment = Payment.objects.get(pk=payment_id)
    for name, value in changes.items():
        setattr(payment, name, value)
    return story.sentence(payment)


def test_every_state_has_its_sentence(payments):
    assert told(payments["paid"]).startswith("Paid: 0.001000 USDC moved, final at ")
    assert told(payments["declined"]).startswith("Declined by scripted: ")
    assert told(payments["declined"], provider="solana_delegate").startswith("Declined on chain: ")
    assert "A person decides: " in told(payments["late"])
    assert told(payments["differs"]).startswith(
        "Parked: 900 USDC arrived where 1000 USDC was asked. It stays"
    )
    assert told(payments["pending"]).startswith("scripted: seen, not final yet, sent ")
    assert told(payments["paid"], state="reversed").startswith("Reversed by scripted")
    assert told(payments["paid"], state="canceled", failure_message="The subscription was paused.").endswith(
        ": The subscription was paused. Nothing was collected."
    )


def test_what_waits_says_for_whom_and_until_when(payments):
    now = clock.machine_now()
    at, one = when(now + timedelta(minutes=5)), payments["waiting"]
    later = {"next_action_at": now + timedelta(minutes=5)}
    grace = when(Payment.objects.get(pk=one).grace_until)
    why = {"failure_message": "The payer's balance is too small."}
    assert told(one, **later, **why) == (
        f"Waiting for funds until {grace}: The payer's balance is too small; looked at next at {at}."
    )
    assert told(one, waiting="retry", short_tries=1, **why, **later) == (
        f"Not sent: The payer's balance is too small; try 2 of 3 at {at}."
    )
    assert told(one, waiting="provider", **later) == f"Waiting for scripted; tried again at {at}."
    assert told(one, waiting="queue", **later).startswith("Waiting behind an older payment")
    assert told(one, waiting="", **later) == f"Scheduled; a worker looks at it at {at}."
    assert told(one, waiting="", next_action_at=now).startswith("Due now")
    operate.park_payment(one, reason="a drill", by=SYSTEM)
    assert told(one) == "Parked: a drill. It stays scheduled until somebody unparks it."


def test_an_unknown_outcome_says_since_when_and_when_it_is_looked_up(payments):
    one = payments["pending"]
    Attempt.objects.filter(payment_id=one).update(state="unknown")
    since = when(Attempt.objects.get(payment_id=one).created_at)
    at = clock.machine_now()
    assert told(one, looks=4, next_action_at=at) == (
        f"Outcome unknown since {since}; looked up 4 times, next look {when(at)}."
        " Nothing is sent under a new identity."
    )


def test_the_column_has_everything_in_the_order_of_time(world, scripted):  # noqa: F811
    subscription = subscribe(world)
    world.bill()
    one = open_payment(subscription)
    operate.park_payment(one, reason="let me look", by=SYSTEM)
    operate.unpark(one, reason="all right", by=SYSTEM)
    settle(scripted)
    column = story.timeline(one)
    assert [moment.at for moment in column] == sorted(moment.at for moment in column)
    titles = [moment.title for moment in column]
    for title in ("payment.scheduled", "clearbeat (system): park", "payment.parked", "payment.unparked",
                  "attempt 1 by scripted", "lookup said: succeeded", "payment.succeeded",
                  "booked payment.succeeded"):  # fmt: skip
        assert title in titles, title
    (park,) = [moment for moment in column if moment.title == "clearbeat (system): park"]
    (sent,) = [moment for moment in column if moment.kind == "attempt"]
    assert sent.detail.endswith("sent once")
    assert "“let me look”" in park.detail
    assert "parked reason: nothing → let me look" in park.detail
    assert {kind for moment in column for kind in moment.ids} == {
        "event", "attempt", "evidence", "transfer", "entry"
    }  # fmt: skip
