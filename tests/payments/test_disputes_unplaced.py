"""Disputes that no payment of ours bears, and those that change: booked as they are, and asked of a person."""

from __future__ import annotations

from uuid import UUID

import pytest

from engine.core.errors import Refusal
from engine.ledger.models import Transfer
from engine.outbox.models import Event
from payments import cases, disputes, story, suspense
from payments.models import Case, Dispute, Payment
from tests.payments.refunding import ADA, ask, broken
from tests.payments.test_disputes import BEFORE, LOST, REVIEW, WON, charged, gateway, held, keep

__all__ = ["charged", "gateway"]
AWAY = {**BEFORE, "clearing:scripted": -15, "dispute_receivable": 1000, "dispute_loss": 15}


@pytest.mark.parametrize(
    ("charge_ref", "settlement"), [("ch_2", "platform"), ("", "platform"), ("ch_1", "direct")]
)
def test_what_no_payment_bears_is_booked_all_the_same_and_asked_of_a_person(
    charged, charge_ref, settlement, payment
):
    if settlement == "direct":
        Payment.objects.filter(pk=charged).update(settlement="direct")
    row = keep(charge_ref=charge_ref)
    assert (row.payment_id, row.counted_minor, payment(charged).disputed_minor) == (None, 0, 0)
    assert held() == AWAY
    assert settlement == "direct" or broken() == set()
    case = Case.objects.get(pk=row.case_id)
    named = charged if charge_ref == "ch_1" else None
    assert (case.kind, case.payment_id, case.closed_at) == ("dispute_unplaced", named, None)
    assert Event.objects.get(object_id=row.pk).payload["payment_id"] is None
    with pytest.raises(Refusal) as refused:
        cases.close_case(case.pk, resolution="done", reason="r", by=ADA)
    assert refused.value.code == "dispute_open"


def test_in_another_currency_too_and_its_payment_is_refunded_to_nobody_meanwhile(charged):
    keep(currency="SOL", fee_minor=0)
    booked = Transfer.objects.get(kind="dispute.opened")
    assert (booked.currency, booked.amount_minor) == ("SOL", 1000)
    assert broken() == set()
    with pytest.raises(Refusal) as refused:
        ask(charged, 1)
    assert refused.value.code == "case_open"


def test_won_it_came_back_and_lost_it_is_the_platforms_until_a_person_says_whose(charged):
    for ref, end in (("dp_2", WON), ("dp_3", LOST)):
        keep(dispute_ref=ref, charge_ref="ch_2", fee_minor=0)
        keep(end, dispute_ref=ref, charge_ref="ch_2", fee_minor=0)
    keep(LOST, dispute_ref="dp_3", fee_minor=0)  # whose it was is known too late
    assert held() == {"payable": -950, "fee_income": -50, "dispute_loss": 1000}
    assert broken() == set()
    case = Case.objects.get(closed_at=None)
    assert "0.001000 USDC is the platform's loss" in case.sentence
    for verb in (suspense.apply_money, suspense.return_money):
        with pytest.raises(Refusal) as refused:
            verb(case.pk, reason="r", by=ADA)
        assert refused.value.code == "no_payment"
    cases.close_case(case.pk, resolution="it was another system's", reason="r", by=ADA)
    assert disputes.warn() == 0


def test_once_its_payment_is_known_it_moves_there(charged, payment):
    keep(charge_ref="ch_2")
    row = keep(charge_ref="ch_1")
    assert (row.payment_id, row.counted_minor, payment(charged).disputed_minor) == (charged, 1000, 1000)
    assert held() == {"clearing:scripted": -15, "dispute_receivable": 1000, "frozen": -950, "dispute_loss": 15,
                      "fee_income": -50}  # fmt: skip
    case = Case.objects.get()
    assert (case.kind, case.payment_id) == ("disputed", charged)
    assert broken() == set()
    keep(LOST, charge_ref="ch_2")  # what was placed stays there
    assert held() == {"clearing:scripted": -15, "dispute_loss": 65, "fee_income": -50}
    assert broken() == set()


def test_another_amount_is_followed_while_it_is_open(charged, payment):
    keep()
    row = keep(REVIEW, amount_minor=401)
    assert (row.amount_minor, row.counted_minor, row.fee_minor) == (401, 401, 20)
    assert payment(charged).disputed_minor == 401
    assert "disputes 0.000401 USDC" in Case.objects.get().sentence
    assert broken() == set()
    keep(WON, amount_minor=700)
    assert held() == {**BEFORE, "clearing:scripted": 985, "dispute_loss": 15}
    assert payment(charged).disputed_minor == 0
    assert broken() == set()
    types = Event.objects.filter(object_id=row.pk).order_by("seq").values_list("type", flat=True)
    assert list(types) == ["dispute.opened", "dispute.changed", "dispute.under_review", "dispute.changed",
                           "dispute.won"]  # fmt: skip
    told = [moment.title for moment in story.timeline(charged)]
    assert (told.count("booked dispute.opened"), told.count("booked dispute.corrected")) == (6, 4)


def test_another_currency_of_one_that_is_booked_is_a_persons_to_explain(charged):
    keep()
    row: Dispute = keep(LOST, currency="SOL")
    assert (row.state, row.currency) == ("open", "USDC")
    assert "is said to be lost over 0.000001000 SOL" in Case.objects.get().sentence


def test_the_books_show_a_correction_that_is_not_the_mirror(charged):
    keep()
    keep(amount_minor=401)
    leg = Transfer.objects.filter(kind="dispute.corrected").earliest("seq")
    Transfer.objects.create(
        id=UUID(int=7), kind="dispute.corrected", source_id=leg.source_id, seq=2, debit=leg.debit, credit=leg.credit,
        currency="USDC", amount_minor=1, business_at=leg.business_at, posted_at=leg.posted_at,
    )  # fmt: skip
    assert "disputes" in broken()
