"""The adapter in the pipeline: what Paystack's books have is what ours have, once, whatever was lost on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as django_settings

from engine.core import clock
from engine.core.ids import uuid7
from engine.ledger.models import Transfer
from engine.providers import registry
from payments import charge, switches
from payments.charge import Charge
from payments.models import Attempt, Case, Evidence, Payment
from payments.pipeline import apply, evidence, send, verify
from payments.pipeline.evidence import Said
from payments.pipeline.lanes import Lane
from payments.pipeline.mark_sent import mark_sent
from payments.pipeline.take import payables, take
from tests.paystack.desk import ASKED, Desk

LANE = Lane("charge", "paystack")
CHARGE, VERIFY = "POST /transaction/charge_authorization", "GET /transaction/verify"


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
    change(verify_first_seconds=0.01, send_window_seconds=600, send_deadline_seconds=1.0)
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


def out() -> None:
    """Take, mark and send what is due, and apply what was said."""
    provider = registry.get("paystack")
    wanted = payables(take(*LANE, most=50), "charge", machine_at=clock.machine_now())
    marked = mark_sent(provider, wanted, provider.context(wanted), free=50)[0]
    said = []
    for one in marked:
        finding, source = send.send(provider, one, lambda step: None)
        sendable = one.sendable
        said.append(Said(sendable.attempt_id, sendable.payment_id, sendable.send_no, source, finding))
    evidence.store(said)
    apply_all()


def look() -> None:
    time.sleep(0.05)
    if found := verify.take_open(LANE, most=50):
        verify._look(registry.get("paystack"), LANE, found)
    apply_all()


def apply_all() -> None:
    while apply.apply():
        pass


def booked(kind: str) -> list[int]:
    return sorted(Transfer.objects.filter(kind=kind, seq=0).values_list("amount_minor", flat=True))


@pytest.mark.parametrize(
    "kind",
    [
        "none",
        "timeout_after_success",
        "reset_after_success",
        "500_after_success",
        "malformed_json",
        "unknown_status",
    ],
)
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


def test_wrong_credentials_wait_in_the_lane_and_fail_nobody(lane: Desk) -> None:
    payment = schedule(lane.card())
    lane.world.fault("auth_revoked", period=60)
    out()
    assert Payment.objects.get(pk=payment).state == "scheduled" and lane.moved() == []
    assert Attempt.objects.get().state == "not_sent"
