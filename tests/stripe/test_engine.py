"""Stripe behind the pipeline: steps are committed, what is lost is found, and nothing is charged twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from engine.core import clock
from engine.core.ids import uuid7
from engine.providers import registry
from payments import charge, switches
from payments.charge import Charge
from payments.models import Attempt, Evidence, Payment
from payments.pipeline import apply, driver, verify
from payments.pipeline.lanes import Lane
from tests.stripe.shop import Shop

LANE = Lane("charge", "stripe")
CREATE, CONFIRM = "POST /payment_intents$", "POST /payment_intents/.*confirm"


def hear(changes: list[Any]) -> None:
    """The source that is paid for: it takes everything."""


@pytest.fixture
def till(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Stripe behind the pipeline, with time enough for each send."""
    monkeypatch.setitem(settings.SOURCES, "test", f"{__name__}.hear")
    monkeypatch.setattr(settings.ENV, "send_window_seconds", 60)
    switches.seed()
    return shop


def owe(shop: Shop, card: str = "pm_card_visa") -> UUID:
    """One payment that is due now."""
    now = clock.machine_now()
    one = Charge(
        source_kind="test", source_id=uuid7(), no=1, provider="stripe", clock_id=0, method_id=None, queue_key=uuid7(),
        due_at=now, grace_until=now + timedelta(hours=1), currency="USD", amount_minor=2000, fee_minor=100,
        instructions=shop.card(card), customer_id=uuid7(), creator_id=uuid7(), correlation_id=uuid7(),
    )  # fmt: skip
    return charge.schedule([one], machine_at=now)[0]


def work(verb: Any) -> None:
    """One run of the lane, and what its evidence does. Every look is due, and nobody of an earlier send is left."""
    now = clock.machine_now()
    Attempt.objects.update(send_by=now - timedelta(hours=1))
    Payment.objects.update(next_action_at=now)
    with pytest.MonkeyPatch.context() as patch:
        # The test's own transaction stands in for none.
        patch.setattr("payments.pipeline.outbound.sql.outside_transaction", lambda: True)
        verb(LANE)
    apply.drain()


def seen(payment_id: UUID) -> tuple[str, list[str]]:
    states = Attempt.objects.filter(payment_id=payment_id).order_by("seq").values_list("state", flat=True)
    return Payment.objects.get(pk=payment_id).state, list(states)


def test_a_charge_is_two_pieces_of_evidence_and_one_movement(till: Shop) -> None:
    one = owe(till)
    work(driver.drive)
    assert seen(one) == ("succeeded", ["succeeded"])
    said = Evidence.objects.filter(payment_id=one).order_by("pk").values_list("outcome", "code")
    assert list(said) == [("step", "created"), ("succeeded", "succeeded")]
    assert len(till.world.ledger(kind="charge", reference=one.hex)) == 1


@pytest.mark.parametrize("kind", ["reset_after_success", "500_before"])
def test_an_intent_that_was_not_answered_is_unknown_and_ends_as_one_attempt_and_one_movement(
    till: Shop, kind: str
) -> None:
    one = owe(till)
    till.world.fault(kind, route=CREATE, count=1)
    work(driver.drive)
    assert seen(one) == ("in_flight", ["unknown"])
    for _ in range(4):
        work(verify.verify)
    assert seen(one) == ("succeeded", ["succeeded"])
    assert len(till.world.ledger(kind="charge", reference=one.hex)) == 1


def test_what_did_not_leave_gets_a_new_identity(till: Shop) -> None:
    one = owe(till)
    till.world.fault("auth_revoked", route=CONFIRM, count=1)
    work(driver.drive)
    assert seen(one) == ("scheduled", ["not_sent"])
    work(driver.drive)
    assert seen(one) == ("succeeded", ["not_sent", "succeeded"])
    assert len(till.world.ledger(kind="charge", reference=one.hex)) == 1


@pytest.mark.parametrize("hours", [22, 23])
def test_an_old_key_is_not_sent_again(till: Shop, hours: int) -> None:
    """After 24 h Stripe may have forgotten it, and would do what was done again."""
    one = owe(till)
    till.world.fault("500_before", route=CREATE, count=1)
    work(driver.drive)
    Attempt.objects.update(created_at=clock.machine_now() - timedelta(hours=hours))
    work(verify.verify)
    sent = [each for each in till.world.requests() if each["route"] == "POST /payment_intents"]
    assert len(sent) == (2 if hours == 22 else 1)
    assert seen(one)[1] == ["succeeded" if hours == 22 else "unknown"]


@pytest.mark.parametrize("before", ["it is called back", "it was, and nobody heard"])
def test_an_intent_that_was_never_confirmed_is_called_back_and_made_anew(till: Shop, before: str) -> None:
    """Its key is too old to confirm it; called back it never can be, so the payment is collected by another."""
    one = owe(till)
    till.world.fault("500_before", route=CONFIRM, count=1)
    work(driver.drive)
    ref = Evidence.objects.get(code="created").provider_ref
    Attempt.objects.update(created_at=clock.machine_now() - timedelta(hours=30))
    if before == "it was, and nobody heard":
        till.hand.v1.payment_intents.cancel(ref, {"cancellation_reason": "abandoned"})
    work(verify.verify)
    assert seen(one) == ("scheduled", ["not_sent"])
    assert Evidence.objects.latest("pk").code == "never_begun"
    work(driver.drive)
    assert seen(one) == ("succeeded", ["not_sent", "succeeded"])
    assert len(till.world.ledger(kind="charge", reference=one.hex)) == 1


def test_an_intent_that_somebody_else_gave_up_is_not_made_anew(till: Shop) -> None:
    """We would call it back only once its key is too old."""
    one = owe(till)
    till.world.fault("500_before", route=CONFIRM, count=1)
    work(driver.drive)
    ref = Evidence.objects.get(code="created").provider_ref
    till.hand.v1.payment_intents.cancel(ref, {"cancellation_reason": "abandoned"})
    work(verify.verify)
    assert seen(one) == ("failed", ["declined"])


def test_one_that_is_confirmed_while_it_is_called_back_is_paid_once(till: Shop) -> None:
    one = owe(till)
    till.world.fault("500_before", route=CONFIRM, count=1)
    work(driver.drive)
    ref = Evidence.objects.get(code="created").provider_ref
    Attempt.objects.update(created_at=clock.machine_now() - timedelta(hours=23.5))
    till.world.fault("500_before", route="POST /payment_intents/.*cancel", count=1)
    work(verify.verify)
    assert seen(one)[0] == "in_flight"
    till.hand.v1.payment_intents.confirm(ref)
    work(verify.verify)
    assert seen(one) == ("succeeded", ["succeeded"])
    assert len(till.world.ledger(kind="charge", reference=one.hex)) == 1


def test_a_refusal_ends_the_payment_in_its_class(till: Shop) -> None:
    one = owe(till)
    till.world.decide("stripe", one.hex, outcome="declined", decline_code="insufficient_funds")
    work(driver.drive)
    found = Payment.objects.get(pk=one)
    assert (found.state, found.failure_class, found.failure_code) == (
        "failed",
        "insufficient_funds",
        "insufficient_funds",
    )


@pytest.mark.parametrize("pays", [False, True])
def test_a_payers_bank_that_is_never_answered_is_an_end(
    till: Shop, pays: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their bank asks the payer, who may still answer while it is being called back."""
    one = owe(till, "pm_card_threeDSecure2Required")
    till.world.fault("500_before", route=CONFIRM, count=1)
    work(driver.drive)
    ref = Evidence.objects.get(code="created").provider_ref
    till.hand.v1.payment_intents.confirm(ref, {"return_url": "https://shop.example"})
    work(verify.verify)
    assert Payment.objects.get(pk=one).waiting == "payer"
    stripe = registry.get("stripe")
    monkeypatch.setattr(stripe, "sheet", replace(stripe.sheet, action_seconds=0.0))
    if pays:
        till.world.do("stripe", "authenticate", intent=ref, agrees=True)
    work(verify.verify)
    work(verify.verify)
    found = Payment.objects.get(pk=one)
    assert (found.state, found.failure_code) == (("succeeded", "") if pays else ("failed", "called_back"))
    assert len(till.world.ledger(kind="charge", reference=one.hex)) == pays
