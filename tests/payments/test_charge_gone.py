"""A refund of a charge that its provider took back would give the same money back twice: it is not sent any more."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from engine.core import clock
from engine.providers.base import FailureClass, Finding, Outcome
from payments import cancel
from payments.models import Payment
from payments.pipeline import evidence, stop
from payments.pipeline.evidence import Said
from tests.payments.refunding import REFUND, ask, broken, carrier, carry_out, counters, giving_back, held
from tests.payments.scripted import Scripted, paid
from tests.payments.steps import absence_may_be_read, apply_all, look, run


@pytest.fixture
def gateway(world: Scripted) -> Scripted:
    return giving_back(world)


@pytest.fixture
def charged(gateway, new_payment, monkeypatch) -> UUID:
    one: UUID = new_payment()
    gateway.looks[one] = [paid(gross_minor=1000, currency="USDC", fee_minor=50, movement_id="txn_1")]
    run(monkeypatch)
    return one


def taken_back(charged: UUID) -> None:
    one = Payment.objects.get(pk=charged).attempts.get()
    said = Finding(Outcome.REVERSED, FailureClass.NONE, "account_closed", "The bank sent it back.")
    evidence.store([Said(one.pk, charged, 1, "lookup", said)])
    apply_all()
    assert Payment.objects.get(pk=charged).state == "reversed"


def test_what_waits_to_be_sent_is_called_back(charged, gateway):
    one = ask(charged, 400)
    taken_back(charged)
    assert cancel.recall() == 1
    one.refresh_from_db()
    assert (one.state, one.failure_code) == ("canceled", "charge_taken_back")
    assert (carrier(one).state, counters(charged), held(charged)) == ("canceled", (0, 0), {})
    assert broken() == set()


def test_it_is_not_signed_even_where_the_word_did_not_reach_it(charged, gateway, monkeypatch):
    one = ask(charged, 400)
    monkeypatch.setattr(stop, "refunds_of", lambda charges: None)
    taken_back(charged)
    carry_out(monkeypatch)
    assert (carrier(one).state, carrier(one).stop_code) == ("scheduled", "charge_taken_back")
    assert [each.operation for each in gateway.sent] == ["charge"]


def test_it_is_not_sent_again(charged, gateway, monkeypatch):
    gateway.sheet = replace(gateway.sheet, resend_same_identity=("charge", "refund"))
    way = carrier(ask(charged, 400)).pk
    gateway.replies[way] = [Finding(Outcome.UNKNOWN, code="timeout")]
    gateway.looks[way] = [Finding(Outcome.MISSING, code="not_seen")]
    carry_out(monkeypatch)
    monkeypatch.setattr(stop, "refunds_of", lambda charges: None)
    taken_back(charged)
    absence_may_be_read()
    Payment.objects.filter(pk=way).update(next_action_at=clock.machine_now())
    look(REFUND)
    assert [each.send_no for each in gateway.sent if each.payment_id == way] == [1]
    assert Payment.objects.get(pk=way).stop_code == "charge_taken_back"
