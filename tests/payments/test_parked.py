"""Only what may still act is set aside: a park comes from somebody who looked a moment ago, often without a lock."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from engine.core import clock
from engine.core.errors import Refusal
from engine.providers.base import Finding, Outcome
from payments.models import Attempt, Payment
from payments.pipeline import driver, park, spans, verify
from tests.payments.scripted import declined, paid
from tests.payments.steps import LANE, mark
from tests.payments.test_stops import NOT_LEFT, call_back, say

LONG_AFTER = datetime.max.replace(tzinfo=UTC)  # of any send: its absence may be read
GOOD = paid(gross_minor=1000, currency="USDC", fee_minor=50)


def tired(one, monkeypatch) -> list[verify.Looked]:
    """A verifier took it long after it was sent, and asks."""
    assert len(mark()) == 1
    monkeypatch.setattr(spans, "park_unknown", lambda: 0.01)
    time.sleep(0.05)
    Payment.objects.filter(pk=one).update(next_action_at=clock.machine_now())
    taken = verify.take_open(LANE, most=50)
    assert len(taken) == 1
    return taken


@pytest.mark.parametrize(
    ("finding", "source", "state"),
    [(GOOD, "lookup", "succeeded"), (declined(), "lookup", "failed"), (NOT_LEFT, "local", "scheduled")],
    ids=["succeeded", "failed", "scheduled again"],
)
def test_a_verifier_without_news_parks_nothing_that_went_on_meanwhile(
    world, new_payment, payment, monkeypatch, finding: Finding, source: str, state: str
):
    one = new_payment()
    taken = tired(one, monkeypatch)
    say(Attempt.objects.get(), finding, source)  # another verifier, or the reply
    verify._look_later(taken, None, LONG_AFTER)
    assert (payment(one).state, payment(one).parked_at) == (state, None)


def test_a_verifier_whose_lease_is_over_parks_nothing(world, new_payment, payment, monkeypatch):
    one = new_payment()
    taken = tired(one, monkeypatch)
    Payment.objects.filter(pk=one).update(next_action_at=clock.machine_now())  # verify_now
    verify._look_later(taken, None, LONG_AFTER)
    assert payment(one).parked_at is None
    assert len(verify.take_open(LANE, most=50)) == 1


def test_what_is_tired_is_parked_all_the_same(world, new_payment, payment, monkeypatch):
    one = new_payment()
    verify._look_later(tired(one, monkeypatch), None, LONG_AFTER)
    assert payment(one).parked_reason == "its outcome has been unknown for too long"


@pytest.mark.parametrize("meanwhile", ["canceled", "in_flight"])
def test_what_can_not_be_signed_is_not_parked_where_it_went_on(world, new_payment, payment, meanwhile):
    """The lease was over, or a cancel won, while the provider was asked."""
    one = new_payment()
    wanted = driver.payables(driver.look(*LANE, most=5).rows, "charge", machine_at=clock.machine_now())
    if meanwhile == "canceled":
        assert call_back(payment, one) == [payment(one).source_id]
    else:
        Payment.objects.filter(pk=one).update(next_action_at=clock.machine_now())
        assert len(mark()) == 1
    driver._set_aside(wanted[0], Refusal("source_gone", "its token account is closed"))
    assert (payment(one).state, payment(one).parked_at) == (meanwhile, None)


def test_an_ended_payment_is_parked_only_on_purpose(world, new_payment, payment):
    one = new_payment()
    assert len(mark()) == 1
    say(Attempt.objects.get(), GOOD)
    assert park.park([one], "x", machine_at=clock.machine_now()) == []
    assert park.park([one], "x", machine_at=clock.machine_now(), among=park.ANY) == [one]
    assert payment(one).state == Outcome.SUCCEEDED
