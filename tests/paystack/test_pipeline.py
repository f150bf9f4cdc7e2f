"""The adapter in the pipeline: what Paystack's books have is what ours have, once, whatever was lost on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.test import Client

from engine.core import clock
from engine.core.actor import Actor, Role
from engine.core.ids import uuid7
from engine.ledger.models import Transfer
from engine.providers import registry
from engine.providers.base import ProviderUnavailable
from payments import charge, refund, story, switches
from payments.callbacks import work
from payments.charge import Charge
from payments.models import Attempt, Case, Evidence, Payment, Refund
from payments.pipeline import apply, evidence, hinted, look_again, send, verify
from payments.pipeline.evidence import Said
from payments.pipeline.hinted import Told
from payments.pipeline.lanes import Lane, Worked
from payments.pipeline.mark_sent import mark_sent
from payments.pipeline.take import payables, take
from sandbox.gateways.control import Gateways
from tests.gateways.conftest import listening
from tests.gateways.receiver import Receiver
from tests.paystack.desk import ASKED, AVAILABLE, Desk

LANE, REFUND = Lane("charge", "paystack"), Lane("refund", "paystack")
CHARGE, VERIFY = "POST /transaction/charge_authorization", "GET /transaction/verify"


@pytest.fixture
def hooks(world: Gateways) -> Iterator[Receiver]:
    yield from listening(world, "paystack")


def hook(changes: list[Any]) -> None:
    """The source hears of it and has nothing to say."""


@pytest.fixture
def lane(
    db: None, desk: Desk, change: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """Paystack as the only provider, and spans in hundredths of seconds."""
    monkeypatch.setattr(
        django_settings, "PROVIDERS", {"paystack": "engine.providers.paystack.provider.Paystack"}
    )
    monkeypatch.setitem(django_settings.SOURCES, "test", f"{__name__}.hook")
    change(verify_first_seconds=0.01, send_window_seconds=600)
    registry.get.cache_clear()
    switches.seed()
    yield desk
    registry.get.cache_clear()


def schedule(instructions: dict[str, Any]) -> UUID:
    now = clock.machine_now()
    wanted = Charge(
        source_kind="test", source_id=uuid7(), no=1, provider="paystack", clock_id=0, method_id=None,
        queue_key=uuid7(), due_at=now, grace_until=now + timedelta(hours=1), currency="NGN", amount_minor=10_000,
        fee_minor=500, instructions=instructions, customer_id=uuid7(), creator_id=uuid7(), correlation_id=uuid7(),
    )  # fmt: skip
    return charge.schedule([wanted], machine_at=now)[0]


def out(lane: Lane = LANE) -> None:
    """Take, mark and send what is due, and apply what was said."""
    provider = registry.get("paystack")
    wanted = payables(take(*lane, most=50), lane.operation, machine_at=clock.machine_now())
    marked = mark_sent(provider, wanted, provider.context(wanted), free=50)[0]
    said = []
    for one in marked:
        finding, source = send.send(provider, one, lambda step: None)
        sendable = one.sendable
        said.append(Said(sendable.attempt_id, sendable.payment_id, sendable.send_no, source, finding))
    evidence.store(said)
    apply_all()


def look(lane: Lane = LANE) -> None:
    time.sleep(0.05)
    if found := verify.take_open(lane, most=50):
        verify._look(registry.get("paystack"), lane, found)
    look_again.work(registry.get("paystack"), lane, Worked(), until=time.monotonic() + 60)
    apply_all()


def apply_all() -> None:
    while apply.apply():
        pass


def booked(kind: str) -> list[int]:
    return sorted(Transfer.objects.filter(kind=kind, seq=0).values_list("amount_minor", flat=True))


@pytest.mark.parametrize("kind", ["none", "reset_after_success"])
def test_a_charge_is_booked_once_whatever_became_of_its_answer(lane: Desk, kind: str) -> None:
    payment = schedule(lane.card())
    if kind != "none":
        lane.world.fault(kind, route=CHARGE, count=1)
    out()
    state = Payment.objects.get(pk=payment).state
    assert state == ("succeeded" if kind == "none" else "in_flight")
    look()
    look()
    assert Payment.objects.get(pk=payment).state == "succeeded"
    assert booked("payment.succeeded") == lane.moved() == [10_000]
    last = Evidence.objects.filter(payment_id=payment).latest("id")
    assert last.network_fee_minor == 150 and last.detail["trace"]["response_digest"]


@pytest.mark.parametrize(
    ("kind", "more"), [("wrong_amount", {"amount": 1}), ("wrong_currency", {"text": "GHS"})]
)
def test_what_differs_is_booked_as_it_came_and_a_person_is_asked(
    lane: Desk, kind: str, more: dict[str, Any]
) -> None:
    payment = schedule(lane.card())
    lane.world.fault(kind, route=VERIFY, count=1, **more)
    out()
    row = Payment.objects.get(pk=payment)
    assert (
        row.state == "in_flight" and row.parked_at is not None and Case.objects.get().kind == "amount_differs"
    )
    assert booked("payment.succeeded") == [] and len(booked("payment.mismatch")) == 1


def test_a_payer_who_is_asked_pays_later_and_is_booked_once(lane: Desk) -> None:
    payment = schedule(lane.card(ASKED))
    out()
    look()
    said = Evidence.objects.filter(payment_id=payment, code="payer_action_needed").order_by("id").first()
    assert said is not None and said.detail["action"]["url"].startswith("http")
    assert Attempt.objects.get().state == "pending" and lane.moved() == []
    lane.world.do("paystack", "pay", reference=Attempt.objects.get().identity)
    Payment.objects.update(next_action_at=clock.machine_now())
    look()
    assert Payment.objects.get(pk=payment).state == "succeeded"
    assert booked("payment.succeeded") == lane.moved() == [10_000]


def test_a_payer_who_never_answers_their_bank_is_a_decline_of_theirs_and_late_if_they_do(
    lane: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = schedule(lane.card(ASKED))
    out()
    look()
    provider = registry.get("paystack")
    assert provider.sheet.action_seconds == 86_400
    monkeypatch.setattr(provider, "sheet", replace(provider.sheet, action_seconds=0.0))
    Payment.objects.update(next_action_at=clock.machine_now())
    look()
    found = Payment.objects.get(pk=payment)
    assert (found.state, found.failure_class, found.failure_code) == (
        "failed", "payer_action_needed", "not_answered",
    )  # fmt: skip
    lane.world.do("paystack", "pay", reference=Attempt.objects.get().identity)
    hinted.make_due([Told(Attempt.objects.get().pk, "succeeded")])
    look()
    assert Payment.objects.get(pk=payment).state == "succeeded_late" and lane.moved() == [10_000]
    assert [case.kind for case in Case.objects.all()] == ["paid_after_close"]


def test_who_can_not_be_led_to_the_page_is_told_why_and_waited_for_no_longer(lane: Desk) -> None:
    payment = schedule(lane.card(ASKED))
    lane.world.fault("reset_after_success", route=CHARGE, count=1)
    out()
    look()
    found = Payment.objects.get(pk=payment)
    assert (found.state, found.waiting) == ("in_flight", "payer")
    said = Evidence.objects.filter(payment_id=payment).latest("id")
    assert said.detail["action"] == {"type": "none", "url": None, "expires_at": None}
    assert "was lost with Paystack's answer" in story.sentence(found)


def test_wrong_credentials_wait_in_the_lane_and_fail_nobody(lane: Desk) -> None:
    payment = schedule(lane.card())
    lane.world.fault("auth_revoked", period=60)
    out()
    assert Payment.objects.get(pk=payment).state == "scheduled" and lane.moved() == []
    assert Attempt.objects.get().state == "not_sent"


def test_a_refund_that_fails_after_its_end_is_seen_though_its_callback_names_the_charge_alone(
    lane: Desk, hooks: Receiver
) -> None:
    lane.world.give(AVAILABLE, "NGN", 1_000)
    payment = schedule(lane.card())
    out()
    olga = Actor("olga", "user", Role.OPERATOR)
    parts = [refund.request(payment, amount_minor=part, reason="lost", by=olga) for part in (4_000, 6_000)]
    lane.world.fault("late_reversal", route="POST /refund$", count=1, days=3)
    for _ in parts:  # one after the other
        Payment.objects.exclude(next_action_at=None).update(next_action_at=clock.machine_now())
        out(REFUND)
        lane.world.advance(61)
        Payment.objects.exclude(next_action_at=None).update(next_action_at=clock.machine_now())
        look(REFUND)
    assert {row.state for row in Refund.objects.all()} == {"succeeded"}
    lane.world.advance(3 * 86_400)
    (told,) = [each for each in hooks.wait(6) if b"refund.failed" in each.body]
    assert b'"id"' not in told.body
    answer = Client().generic("POST", "/api/webhooks/paystack", told.body, headers=told.headers)
    assert answer.status_code == 200
    assert work.work().lanes == {LANE, REFUND}
    look(REFUND)
    ends = [Refund.objects.get(pk=part.pk) for part in parts]
    assert sorted(row.state for row in ends) == ["failed", "succeeded"]
    kept = next(row.amount_minor for row in ends if row.state == "succeeded")
    assert Payment.objects.get(pk=payment).refunded_minor == kept


def test_a_send_has_its_room_and_whatever_else_is_asked_takes_its_own(
    lane: Desk, change: Callable[..., None]
) -> None:
    change(paystack_calls_per_second=0.02)  # one at once, and the next in a minute
    registry.get.cache_clear()
    provider: Any = registry.get("paystack")
    payment = schedule(lane.card())
    out()
    assert Payment.objects.get(pk=payment).state == "succeeded"
    now = clock.machine_now()
    for asks in (
        lambda: list(provider.disputes(now - timedelta(days=1), now)),
        lambda: list(provider.statement(now - timedelta(days=1), now)),
        lambda: provider.forget_setup({"authorization_code": "AUTH_x"}),
    ):
        with pytest.raises(ProviderUnavailable) as full:
            asks()
        assert full.value.code == "rate_limited" and full.value.retry_seconds
    assert provider.standing().reachable  # nothing is wrong with it
