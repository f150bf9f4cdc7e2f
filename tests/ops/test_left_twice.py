"""Given back by a person and taken back by its provider: a person says whether that is one movement, or two."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from billing import trigger
from engine.audit.models import Entry
from engine.ledger.models import Transfer
from engine.providers.base import FailureClass, Finding, Outcome
from payments import cases, left_twice, refund, suspense
from payments.models import Case, Refund
from tests.ops.suspended import (
    ADA,
    WHY,
    broken,
    code_of,
    differing,
    in_suspense,
    invoice_of,
    legs,
    refused,
    row,
)
from tests.ops.test_paid_late import case_of, late, unapplied
from tests.ops.world import open_payment, say, settle, subscribe

__all__ = ["late"]
TAKEN_BACK = Finding(Outcome.REVERSED, FailureClass.NONE, "taken_back", "It was paid, and they gave it back.")
RECORDED = {"reference": "BCA 4711", "reason": "by bank transfer", "by": ADA}


@pytest.fixture
def paid(world, scripted) -> UUID:
    """Paid on the platform, where nothing goes back by its provider."""
    scripted.sheet = replace(scripted.sheet, settlement="platform", reversible=True)
    subscription = subscribe(world)
    world.bill()
    one = open_payment(subscription)
    settle(scripted)
    return one


def give_back(one: UUID, amount: int) -> None:
    asked = refund.request(one, amount_minor=amount, reason="a drill", by=ADA)
    refund.record(asked.pk, **RECORDED)


def asked_of(one: UUID) -> Case:
    """The question; until it is answered nothing is booked."""
    before = Transfer.objects.count()
    say(one, TAKEN_BACK)
    case = Case.objects.get(payment_id=one, kind="given_and_taken", closed_at=None)
    assert Transfer.objects.count() == before
    assert case.sentence == (
        "It was paid, and they gave it back. It had left before, by hand or by a dispute: a person says "
        "whether both are one movement, or it left twice"
    )
    assert code_of(cases.close_case, case.pk, resolution="seen") == "say_how_often"
    return case


def is_asked_no_more(one: UUID) -> None:
    """Every further callback leads to the same answer of its provider."""
    before = Transfer.objects.count()
    say(one, TAKEN_BACK)
    assert not Case.objects.filter(payment_id=one, kind="given_and_taken", closed_at=None).exists()
    assert (Transfer.objects.count(), broken()) == (before, [])


@pytest.mark.parametrize("amount", [1000, 400])
def test_a_refund_by_hand_that_its_provider_shows_is_one_movement(paid: UUID, amount: int) -> None:
    give_back(paid, amount)
    closed = left_twice.once(asked_of(paid).pk, **WHY)
    assert (row(paid).state, row(paid).refunded_minor, invoice_of(paid).state) == ("succeeded", 1000, "paid")
    assert sum(minor for *_, minor in legs("refund.by_hand")) == 1000
    also = "" if amount == 1000 else ", and 0.000600 USDC more counts as given back"
    assert closed.resolution == f"it left once{also}: a drill"
    is_asked_no_more(paid)


def test_a_refund_by_hand_that_is_another_movement_is_owed_again(paid: UUID) -> None:
    give_back(paid, 400)
    left_twice.twice(asked_of(paid).pk, **WHY)
    assert Entry.objects.get(verb="left_twice").actor == ADA.name
    assert (row(paid).state, invoice_of(paid).state) == ("reversed", "open")
    assert (0, "receivable", "clearing:scripted", 1000) in legs("payment.reversed")
    assert not Case.objects.filter(payment_id=paid, kind="reversed").exists(), "it was asked about already"
    is_asked_no_more(paid)


def test_late_money_that_its_provider_shows_as_given_back_left_once(late: UUID) -> None:
    suspense.return_money(case_of(late).pk, **WHY)
    case = asked_of(late)
    with pytest.raises(trigger.Refusal) as held:
        trigger.trigger(invoice_of(late).subscription_id)
    assert held.value.code == "payment_in_question"
    left_twice.once(case.pk, **WHY)
    assert Entry.objects.get(verb="left_once").actor == ADA.name
    is_asked_no_more(late)
    assert len(trigger.trigger(invoice_of(late).subscription_id).scheduled) == 1


def test_late_money_that_left_twice_is_our_loss(late: UUID) -> None:
    suspense.return_money(case_of(late).pk, **WHY)
    left_twice.twice(asked_of(late).pk, **WHY)
    assert legs("payment.left_twice") == [
        (seq, "write_off", to, minor) for seq, _, to, minor in legs("late.returned")
    ]
    assert (row(late).state, unapplied()) == ("succeeded_late", 0)
    is_asked_no_more(late)


@pytest.mark.parametrize("answer", [left_twice.once, left_twice.twice])
def test_what_was_returned_out_of_suspense_is_asked_about_too(world, scripted, answer) -> None:
    scripted.sheet = replace(scripted.sheet, settlement="platform", reversible=True)
    one = differing(world, 900)
    suspense.return_money(Case.objects.get(payment_id=one).pk, **WHY)
    answer(asked_of(one).pk, **WHY)
    lost = [(0, "write_off", "clearing:scripted", 900)] if answer is left_twice.twice else []
    assert (legs("payment.left_twice"), in_suspense(one), row(one).state) == (lost, 0, "canceled")
    is_asked_no_more(one)


def test_what_is_under_way_is_ended_first(paid: UUID) -> None:
    """Asked for before, and not given back yet: the provider has nothing of it any more."""
    waits = refund.request(paid, amount_minor=600, reason="a drill", by=ADA)
    give_back(paid, 400)
    case = asked_of(paid)
    assert refused(left_twice.once, case.pk) == "refund_waits"
    with pytest.raises(refund.Refusal) as gone:
        refund.record(waits.pk, **RECORDED)
    assert gone.value.code == "charge_reversed"
    refund.cancel(waits.pk, reason="a drill", by=ADA)
    left_twice.once(case.pk, **WHY)
    assert (Refund.objects.count(), row(paid).refunded_minor) == (3, 1000)
    is_asked_no_more(paid)


def test_no_other_case_has_such_an_end(late: UUID) -> None:
    assert refused(left_twice.once, case_of(late).pk) == "nothing_taken_back"
