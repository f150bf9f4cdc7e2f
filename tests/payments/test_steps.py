"""A send of several calls: each step is committed before the next call leaves, and is there for who comes after."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.conf import settings

from engine.core import clock
from engine.providers import registry
from engine.providers.base import FailureClass, Finding, Known, Outcome, Sendable
from payments import switches
from payments.models import Attempt, Evidence
from payments.pipeline import evidence, mark_sent, stopping, verify
from payments.pipeline.outbound import Outbound
from payments.pipeline.send import send
from tests.payments.scripted import Scripted
from tests.payments.steps import LANE, apply_all, mark

CREATED = Finding(Outcome.STEP, code="created", provider_ref="pi_1", detail={"secret_of": "nothing"})
WAITING = Finding(Outcome.MISSING, code="requires_confirmation")


class Confirming(Scripted):
    """Creates an intent, which moves nothing, then confirms it. `calls` is what left, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.step = CREATED

    def submit_in_steps(self, sendable: Sendable) -> Generator[Finding, None, Finding]:
        if "created" not in sendable.known.steps:
            self.calls.append("create")
            yield self.step
        self.calls.append("confirm")
        return self.submit(sendable)


@pytest.fixture
def gateway(world: Scripted, monkeypatch: pytest.MonkeyPatch) -> Confirming:
    """It stands in for the scripted provider."""
    monkeypatch.setattr(settings, "PROVIDERS", {"scripted": f"{__name__}.Confirming"})
    registry.get.cache_clear()
    switches.seed()
    provider = registry.get("scripted")
    assert isinstance(provider, Confirming)
    return provider


@pytest.fixture
def long_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window that no slow machine uses up; what is tried again does not wait for it."""
    monkeypatch.setattr(settings.ENV, "send_window_seconds", 60)


@contextmanager
def no_transaction(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The test's own transaction stands in for none."""
    with monkeypatch.context() as patch:
        patch.setattr("payments.pipeline.outbound.sql.outside_transaction", lambda: True)
        yield


def out(provider: Confirming, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mark what is due and send it, through the driver's threads."""
    with no_transaction(monkeypatch), Outbound(provider, threads=2) as outbound:
        for one in mark():
            outbound.put(one)


def test_a_step_is_stored_before_the_next_call_leaves(gateway, new_payment, monkeypatch, long_window):
    new_payment()
    store = evidence.store

    def storing(said):
        store(said)
        gateway.calls.extend(f"stored {one.finding.code}" for one in said)

    monkeypatch.setattr(evidence, "store", storing)
    out(gateway, monkeypatch)
    assert gateway.calls == ["create", "stored created", "confirm", "stored accepted"]
    step = Evidence.objects.get(outcome="step")
    assert (step.source, step.send_no, step.provider_ref) == ("reply", 1, "pi_1")


def test_a_step_changes_no_state_and_keeps_its_slot(gateway, new_payment, payment, monkeypatch, long_window):
    one = new_payment()
    sendable = mark()[0].sendable
    before = payment(one)
    evidence.store([evidence.Said(sendable.attempt_id, one, 1, "reply", CREATED)])
    apply_all()
    after = payment(one)
    assert (after.state, after.version, after.next_action_at) == (
        "in_flight", before.version, before.next_action_at,
    )  # fmt: skip
    assert (Attempt.objects.get().state, Evidence.objects.get().verdict) == ("sent", "a step")
    now = clock.machine_now()
    assert mark_sent.slots("scripted", free=100, now=now) == gateway.sheet.concurrency - 1


def test_who_comes_after_a_crash_starts_from_the_step(gateway, new_payment, payment, monkeypatch):
    """The worker dies between create and confirm: the look knows the intent, the next send confirms it alone."""
    one = new_payment()
    sendable = mark()[0].sendable
    gateway.calls.append("create")
    evidence.store([evidence.Said(sendable.attempt_id, one, 1, "reply", CREATED)])
    apply_all()
    asked = []
    lookup = gateway.lookup

    def look(wanted):
        asked.extend(wanted)
        return lookup(wanted)

    monkeypatch.setattr(gateway, "lookup", look)
    gateway.looks[one] = [WAITING]
    gateway.replies[one] = [
        Finding(Outcome.SUCCEEDED, movement_id="ch_1", gross_minor=1000, currency="USDC", fee_minor=50)
    ]
    time.sleep(0.6)
    monkeypatch.setattr(settings.ENV, "send_window_seconds", 60)
    with no_transaction(monkeypatch):
        verify.verify(LANE)
    apply_all()
    assert asked[0].known == Known("pi_1", {"created": {"secret_of": "nothing"}})
    assert gateway.calls == ["create", "confirm"]
    assert gateway.sent[0].known == asked[0].known
    assert payment(one).state == "succeeded"
    assert [attempt.send_no for attempt in Attempt.objects.all()] == [2]


@pytest.mark.parametrize("why", ["window_over", "worker_stopping"])
def test_a_send_that_is_held_up_after_a_step_did_not_leave(gateway, new_payment, payment, monkeypatch, why):
    one = new_payment()
    monkeypatch.setattr(settings.ENV, "send_window_seconds", 60)
    marked = mark()[0]
    with monkeypatch.context() as until:

        def keep(step):
            if why == "window_over":
                until.setattr(settings.ENV, "send_window_seconds", 0)
            else:
                until.setattr(stopping, "is_set", lambda: True)

        finding, source = send(gateway, marked, keep)
    assert (finding.outcome, finding.code, source) == (Outcome.NOT_LEFT, why, "local")
    assert gateway.calls == ["create"]
    evidence.store(
        [
            evidence.Said(marked.sendable.attempt_id, one, 1, "reply", CREATED),
            evidence.Said(marked.sendable.attempt_id, one, 1, source, finding),
        ]
    )
    apply_all()
    assert (payment(one).state, Attempt.objects.get().state) == ("scheduled", "not_sent")


def test_what_could_move_money_is_no_step(gateway, new_payment, payment, monkeypatch, long_window):
    """An adapter that goes on after something final or payable proves nothing: unknown, and looked up."""
    one = new_payment()
    gateway.step = Finding(Outcome.PENDING, code="payable_link")
    out(gateway, monkeypatch)
    apply_all()
    assert gateway.calls == ["create"]
    assert (payment(one).state, payment(one).failure_code) == ("in_flight", "adapter_raised")
    assert Attempt.objects.get().state == "unknown"


def test_what_can_not_be_looked_up_by_our_identity_is_not_asked_for(world, new_payment, payment, monkeypatch):
    """Only the reply to the same identity tells of the nameless one; of the named one the provider is asked."""
    monkeypatch.setattr(world, "sheet", replace(world.sheet, lookup_by_identity=False))
    nameless, named = new_payment(), new_payment()
    lost = Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "timeout")
    mark()
    attempts = {each.payment_id: each.pk for each in Attempt.objects.all()}
    evidence.store(
        [
            evidence.Said(attempts[nameless], nameless, 1, "reply", lost),
            evidence.Said(attempts[named], named, 1, "reply", replace(lost, provider_ref="tr_1")),
        ]
    )
    apply_all()
    asked = []
    lookup = world.lookup

    def look(wanted):
        asked.extend(one.payment_id for one in wanted)
        return lookup(wanted)

    monkeypatch.setattr(world, "lookup", look)
    time.sleep(0.6)
    monkeypatch.setattr(settings.ENV, "verify_first_seconds", 60)
    with no_transaction(monkeypatch):
        verify.verify(LANE)
    apply_all()
    assert asked == [named]
    assert payment(named).state == "succeeded"
    assert [one.payment_id for one in world.sent] == [nameless]
    assert Attempt.objects.get(payment_id=nameless).state == "pending"


def test_where_the_same_identity_may_act_twice_nothing_but_a_person_helps(
    world, new_payment, payment, monkeypatch
):
    sheet = replace(world.sheet, lookup_by_identity=False, resend_same_identity=())
    monkeypatch.setattr(world, "sheet", sheet)
    monkeypatch.setattr(world, "lookup", lambda asked: pytest.fail("it can't be asked"))
    one = new_payment()
    mark()
    time.sleep(0.6)
    monkeypatch.setattr(settings.ENV, "park_unknown_seconds", 0)
    verify.verify(LANE)
    assert world.sent == []
    assert (payment(one).state, Attempt.objects.get().state) == ("in_flight", "unknown")
    assert "unknown for too long" in payment(one).parked_reason
