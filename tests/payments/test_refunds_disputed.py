"""A refund that was asked for before its charge was disputed waits for the verdict, and for the room it leaves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.core import clock
from engine.core.errors import Refusal
from engine.providers.base import Finding, Outcome
from payments import cancel, disputes, refund
from payments.models import Dispute, Payment, Refund
from tests.payments.refunding import ADA, REFUND, WHY, ask, broken, carrier, carry_out, counters
from tests.payments.steps import absence_may_be_read, look
from tests.payments.test_disputes import LOST, WON, charged, gateway, held, keep
from tests.payments.test_refunds import code_of

__all__ = ["charged", "gateway"]


def now_due(one: Refund) -> None:
    Payment.objects.filter(pk=carrier(one).pk).update(next_action_at=clock.machine_now())


@pytest.mark.parametrize(("end", "amount"), [(WON, 1000), (LOST, 400)])
def test_a_refund_that_waits_to_be_sent_waits_for_a_dispute_too(charged, payment, monkeypatch, end, amount):
    one = ask(charged, 600)
    keep(amount_minor=amount)
    assert payment(charged).disputed_minor == 400
    carry_out(monkeypatch)
    way = carrier(one)
    assert (way.state, way.waiting, way.failure_code) == ("scheduled", "provider", "charge_disputed")
    keep(end, amount_minor=amount)
    now_due(one)
    carry_out(monkeypatch)
    one.refresh_from_db()
    assert (one.state, counters(charged)) == ("succeeded", (0, 600))
    assert broken() == set()


def test_a_refund_is_called_back_where_a_lost_dispute_leaves_too_little(charged, gateway, monkeypatch):
    one = ask(charged, 600)
    keep(LOST)
    carry_out(monkeypatch)
    assert (carrier(one).state, carrier(one).stop_code) == ("scheduled", "charge_lost")
    assert cancel.recall() == 1
    one.refresh_from_db()
    assert (one.state, counters(charged)) == ("canceled", (0, 0))
    assert [each.operation for each in gateway.sent] == ["charge"]
    assert broken() == set()
    with pytest.raises(Refusal, match=r"0\.000000 USDC is left"):
        ask(charged, 1)
    assert disputes.watch()["recounted"] == 1
    borne = Dispute.objects.get()
    assert (borne.counted_minor, borne.fee_minor, borne.corrections) == (1000, 50, 1)
    assert held() == {"clearing:scripted": -15, "dispute_loss": 65, "fee_income": -50}, (
        "as if none had been asked for"
    )
    assert (disputes.watch()["recounted"], broken()) == (0, set())


def test_an_open_dispute_bears_what_a_refund_beside_it_did_not_take(charged, payment):
    one = ask(charged, 600)
    keep()
    refund.cancel(one.pk, **WHY)
    keep()
    assert (payment(charged).disputed_minor, held()["frozen"], broken()) == (1000, -950, set())
    keep(WON)
    assert (payment(charged).disputed_minor, held()["payable"], broken()) == (0, -950, set())


def test_a_refund_in_flight_is_not_sent_again_while_its_charge_is_disputed(charged, gateway, monkeypatch):
    gateway.sheet = replace(gateway.sheet, resend_same_identity=("charge", "refund"))
    one = ask(charged, 600)
    way = carrier(one).pk
    gateway.replies[way] = [Finding(Outcome.UNKNOWN, code="timeout")]
    gateway.looks[way] = [Finding(Outcome.MISSING, code="not_seen")]
    carry_out(monkeypatch)
    keep()
    absence_may_be_read()
    now_due(one)
    look(REFUND)
    assert [each.send_no for each in gateway.sent if each.payment_id == way] == [1]
    assert (carrier(one).state, carrier(one).stop_code) == ("in_flight", "")


@pytest.mark.parametrize("end", [WON, LOST])
def test_a_refund_by_hand_is_not_recorded_while_its_charge_is_disputed_nor_after_it_was_lost(
    charged, gateway, end
):
    gateway.sheet = replace(gateway.sheet, operations=("charge",))
    one = ask(charged, 600)
    done = {"reference": "SEPA 4711", "reason": "sent by the bank", "by": ADA}
    keep()
    assert code_of(lambda: refund.record(one.pk, **done)) == "payment_disputed"
    keep(end)
    if end is LOST:
        assert code_of(lambda: refund.record(one.pk, **done)) == "dispute_lost"
        refund.cancel(one.pk, **WHY)
    else:
        refund.record(one.pk, **done)
    assert (counters(charged), broken()) == ((0, 600 if end is WON else 0), set())
