"""What a payer pays on the page is booked and given back, once: by Paystack's own books."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from django.test import Client

from engine.core import clock
from engine.core.ids import uuid7
from engine.ledger import balances
from engine.ledger.models import Account
from engine.providers.abilities import Payer
from ops import books
from payments import methods
from payments.callbacks import work
from payments.models import Attempt, Case, Payment, PaymentMethod
from payments.pipeline.lanes import Lane
from tests.gateways.receiver import Receiver
from tests.paystack.desk import AVAILABLE, EMAIL, GOOD, REFUND_FAILS, Desk
from tests.paystack.test_pipeline import hooks, lane, look, out

__all__ = ["hooks", "lane"]
REFUND = Lane("refund", "paystack")
SEED = 1_000  # in the balance before


def set_up(desk: Desk, card: str = GOOD) -> PaymentMethod:
    """Its payer paid on the page, and a callback says so."""
    desk.world.give(AVAILABLE, "NGN", SEED)
    payer = Payer(uuid7(), "Ada", EMAIL)
    begun = methods.begin(payer=payer, currency="NGN", provider="paystack")
    made = methods.keep_setup(begun, customer_id=payer.customer_id, currency="NGN", provider="paystack")
    requests.post(begun.asked.url, {"do": "card", "card": card}, timeout=5, allow_redirects=False)
    found()
    return PaymentMethod.objects.get(pk=made.pk)


def found() -> None:
    PaymentMethod.objects.filter(activated_at=None).update(next_action_at=clock.machine_now())
    methods.work(seconds=5)


def agrees(desk: Desk) -> bool:
    """Whether our books hold what Paystack does."""
    account = Account.objects.get(kind="clearing:paystack", currency="NGN").pk
    held = desk.world.balances()
    left = held[AVAILABLE]["NGN"] + held.get("paystack:platform:transit", {}).get("NGN", 0) - SEED
    return balances.balances([account])[account] == left and not books.examine().broken


@pytest.mark.parametrize("kind", ["none", "timeout_after_success", "malformed_json"])
def test_it_is_given_back_once_whatever_became_of_the_answer(lane: Desk, hasty: Any, kind: str) -> None:
    assert set_up(lane).state == "active"
    assert agrees(lane) and lane.moved("refund") == []
    if kind != "none":
        lane.world.fault(kind, route="POST /refund", count=1)
    out(REFUND)
    look(REFUND)
    lane.world.advance(61)
    Payment.objects.update(next_action_at=clock.machine_now())
    look(REFUND)
    assert lane.moved() == lane.moved("refund") == [5_000] and agrees(lane)
    assert Payment.objects.get().state == "succeeded" and Attempt.objects.count() == 1
    assert not Case.objects.exists()


def test_a_balance_that_is_too_low_is_waited_for(lane: Desk) -> None:
    assert set_up(lane).state == "active"
    lane.world.give(AVAILABLE, "NGN", -SEED)
    out(REFUND)
    waiting = Payment.objects.get()
    assert (waiting.state, waiting.waiting, lane.moved("hold")) == ("scheduled", "retry", [])
    lane.world.give(AVAILABLE, "NGN", SEED)
    Payment.objects.update(next_action_at=clock.machine_now())
    out(REFUND)
    assert lane.moved("hold") == [5_000] and agrees(lane)


def test_what_the_bank_sends_back_is_a_persons(lane: Desk) -> None:
    set_up(lane, REFUND_FAILS)
    out(REFUND)
    lane.world.advance(61)
    look(REFUND)
    assert Payment.objects.get().state == "failed" and Case.objects.get().kind == "setup_not_returned"
    assert agrees(lane)


def test_a_return_that_fails_after_its_end_is_seen_though_its_callback_names_the_charge_alone(
    lane: Desk, hooks: Receiver
) -> None:
    set_up(lane)
    lane.world.fault("late_reversal", route="POST /refund$", count=1, days=3)
    out(REFUND)
    lane.world.advance(61)
    Payment.objects.update(next_action_at=clock.machine_now())
    look(REFUND)
    assert Payment.objects.get().state == "succeeded" and agrees(lane)
    lane.world.advance(3 * 86_400)
    (told,) = [each for each in hooks.wait(4) if b"refund.failed" in each.body]
    answer = Client().generic("POST", "/api/webhooks/paystack", told.body, headers=told.headers)
    assert answer.status_code == 200
    assert work.work().lanes == {REFUND}
    look(REFUND)
    assert Payment.objects.get().state == "reversed"
    assert Case.objects.filter(kind="setup_not_returned").count() == 1 and agrees(lane)
