"""What once went round for ever, or ended in a fault where a person was owed an answer."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import DataError, IntegrityError

from engine.core import clock
from engine.core.actor import SYSTEM
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.providers.base import FailureClass, Finding, Outcome, Prepared
from payments import methods, operate
from payments.models import Attempt, Payment, PaymentMethod
from payments.pipeline import driver, outbound, spans
from payments.pipeline.outbound import Outbound
from tests.payments.scripted import paid
from tests.payments.steps import LANE, look, mark, run


def due() -> None:
    Payment.objects.filter(state__in=("scheduled", "in_flight"), parked_at=None).update(
        next_action_at=clock.machine_now(), waiting=""
    )


def test_what_was_parked_for_its_age_is_looked_at_as_long_again(world, new_payment, payment, monkeypatch):
    world.sheet = replace(world.sheet, resend_same_identity=())
    one = new_payment()
    mark()
    monkeypatch.setattr(spans, "park_unknown", lambda: 0.4)
    world.looks[one] = [Finding(Outcome.MISSING, code="not_seen")]
    time.sleep(0.5)
    for _ in range(2):
        due()
        look()
    assert payment(one).parked_at is not None
    operate.unpark(one, reason="the node was behind", by=SYSTEM)
    for _ in range(2):
        look()
        assert payment(one).parked_at is None
        due()
    time.sleep(0.4)
    look()
    assert payment(one).parked_reason == "its outcome has been unknown for too long"


MISSED = Finding(Outcome.MISSING, code="not_seen")


def looked_at(days: float = 2) -> None:
    """The next look, with the last send so many days back: as if the workers had been away for that long."""
    Attempt.objects.update(send_by=clock.machine_now() - timedelta(days=days))
    due()
    look()


@pytest.fixture
def away(world, new_payment, monkeypatch):
    """Marked sent three days ago, and nobody was there to send it or to look."""
    monkeypatch.setattr(
        outbound, "sql", SimpleNamespace(outside_transaction=lambda: True, give_back=lambda: None)
    )
    monkeypatch.setattr(settings.ENV, "send_window_seconds", 600)
    one = new_payment()
    assert len(mark()) == 1
    Attempt.objects.update(created_at=clock.machine_now() - timedelta(days=3))
    world.looks[one] = [MISSED]
    return one


def test_what_was_missed_while_we_were_away_is_sent_under_its_identity_after_all(world, away, payment):
    world.replies[away] = [paid(gross_minor=1000, currency="USDC", fee_minor=50)]
    looked_at()
    assert payment(away).state == "succeeded"
    assert [one.identity for one in world.sent] == [Attempt.objects.get().identity]


def test_it_is_sent_once_and_a_person_who_lets_it_go_on_lets_it_leave_again(world, away, payment):
    world.replies[away] = [Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "timeout")]
    looked_at()
    assert (len(world.sent), payment(away).parked_at) == (1, None)
    due()
    look()
    assert payment(away).parked_at is None, "its absence could not be read yet"
    looked_at(days=0.5)
    assert (len(world.sent), payment(away).parked_reason) == (1, "its outcome has been unknown for too long")
    operate.unpark(away, reason="nothing stands there", by=SYSTEM)
    looked_at(days=0.5)
    assert (len(world.sent), payment(away).parked_at) == (2, None)
    assert len({one.identity for one in world.sent}) == 1


@pytest.mark.parametrize("why", ["it dies", "it was told to stop"])
def test_what_may_not_leave_any_more_is_parked(world, away, payment, why):
    if why == "it dies":
        world.sheet = replace(world.sheet, identity_seconds=3600.0)
    else:
        world.sheet = replace(world.sheet, absence_certain=())
        Payment.objects.update(stop_code="stopped")
    looked_at()
    assert (world.sent, payment(away).parked_reason) == ([], "its outcome has been unknown for too long")


@pytest.mark.parametrize("fault", [IntegrityError("too long"), DataError("out of range")])
def test_what_the_database_will_not_sign_is_parked_after_a_few_tries(
    world, new_payment, payment, monkeypatch, fault
):
    queue, now = uuid7(), clock.machine_now()
    bad, younger = new_payment(queue_key=queue, due_at=now), new_payment(queue_key=queue)
    answer = world.prepare

    def prepare(wanted, context):
        if any(one.payment_id == bad for one in wanted):
            raise fault
        return answer(wanted, context)

    monkeypatch.setattr(world, "prepare", prepare)
    monkeypatch.setattr(Outbound, "put", lambda self, marked: world.sent.append(marked.sendable))
    seen = []
    for _ in range(spans.short_tries()):
        assert payment(bad).parked_at is None
        with Outbound(world, threads=4) as outbound:
            driver._start_some(LANE, world, outbound)
        seen.append((payment(bad).waiting, payment(bad).failure_code))
        due()
    assert seen == [("provider", "signing_failed")] * spans.short_tries()
    assert payment(bad).parked_reason.startswith("it can't be signed, 3 times: ")
    with Outbound(world, threads=4) as outbound:
        driver._start_some(LANE, world, outbound)
    assert [one.payment_id for one in world.sent] == [younger]


def test_what_would_be_signed_to_the_same_bytes_waits_for_the_provider(
    world, new_payment, payment, monkeypatch
):
    """What was signed did not leave, and the node still gives the same blockhash: nobody's fault, and no try."""
    one = new_payment()
    monkeypatch.setattr(world, "prepare", lambda wanted, context: [
        Prepared(each.payment_id, each.payment_id.hex, b"bytes", {}) for each in wanted
    ])  # fmt: skip
    world.replies[one] = [Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "not_reached")]
    run(monkeypatch)
    for _ in range(spans.short_tries() + 1):
        due()
        with Outbound(world, threads=4) as outbound:
            driver._start_some(LANE, world, outbound)
    found = payment(one)
    assert (found.state, found.waiting, found.failure_code) == ("scheduled", "provider", "provider_stuck")
    assert (found.parked_at, Attempt.objects.count()) == (None, 1)


@pytest.mark.parametrize("fault", [Refusal("over", "more than is due"), KeyError("bug")])
def test_a_source_that_will_not_hear_of_a_removed_method_is_a_refusal(
    world, new_payment, payment, monkeypatch, fault
):
    def fail(changes):
        raise fault

    method = PaymentMethod.objects.create(
        id=uuid7(), customer_id=uuid7(), provider="scripted", currency="USDC", state="active",
        created_at=clock.machine_now(),
    )  # fmt: skip
    one = new_payment(method_id=method.pk)
    monkeypatch.setattr("tests.payments.conftest.listener", fail)
    with pytest.raises(Refusal) as refused:
        methods.remove(method.pk, reason="gone")
    assert (refused.value.code, refused.value.param) == ("source_refused", "payment_method")
    method.refresh_from_db()
    assert (method.state, payment(one).state) == ("active", "scheduled")
