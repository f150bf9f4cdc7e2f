"""What its payer disputes is neither applied nor given back; what a dispute took is not given back once more."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from billing.debt import Debt
from engine.core.errors import Refusal
from payments import cancel, cases, dispute, left_twice, story, suspense
from payments.models import Case, Dispute, Refund
from tests.ops.suspended import (
    WHY,
    broken,
    differing,
    in_suspense,
    invoice_of,
    legs,
    refused,
    refused_by_its_invoice,
    row,
)
from tests.ops.test_late_refunds import late
from tests.ops.test_paid_late import TAKEN_BACK, case_of, unapplied
from tests.ops.world import say
from tests.payments.refunding import carrier, carry_out
from tests.payments.test_disputes import LOST, OPEN, WON, found

__all__ = ["late"]
BOTH = [(suspense.apply_money, {}), (suspense.return_money, {}), (suspense.return_money, {"by_hand": True})]


@pytest.fixture
def other(world, scripted) -> UUID:
    """Another amount arrived on the platform, and lies in suspense."""
    scripted.sheet = replace(scripted.sheet, settlement="platform", reversible=True)
    return differing(world, 900)


def keep(state, **changes) -> Dispute:
    return dispute.keep("scripted", found(state, **({"charge_ref": "m", "fee_minor": 0} | changes)))


def all_of(case: Case) -> list[str]:
    return [refused(verb, case.pk, **by) for verb, by in BOTH]


def of_suspense(one: UUID) -> Case:
    return Case.objects.get(payment_id=one, kind="amount_differs")


def test_late_money_waits_for_its_dispute_by_hand_too(late: UUID) -> None:
    keep(OPEN)
    assert all_of(case_of(late)) == ["payment_disputed"] * 3
    keep(WON)
    suspense.apply_money(case_of(late).pk, **WHY)
    assert (unapplied(), broken()) == (0, [])
    told = {moment.title for moment in story.timeline(late)}
    assert {"dispute.opened", "booked dispute.opened", "dispute.won", "booked dispute.won"} <= told


def test_what_a_lost_dispute_took_of_late_money_is_booked_and_not_sent(late: UUID) -> None:
    keep(LOST)
    assert refused(suspense.apply_money, case_of(late).pk) == "dispute_lost"
    closed = suspense.return_money(case_of(late).pk, **WHY)
    assert (
        closed.resolution == "0.001000 USDC, of which its payer had 0.001000 USDC back by a dispute: a drill"
    )
    assert (Refund.objects.count(), legs("late.returned")) == (
        0,
        [(0, "unapplied", "clearing:scripted", 1000)],
    )
    assert legs("dispute.covered") == [(0, "clearing:scripted", "dispute_loss", 1000)]
    assert (unapplied(), broken()) == (0, [])


def test_of_what_was_lost_in_part_the_rest_goes_back_by_hand(late: UUID) -> None:
    keep(LOST, amount_minor=400)
    assert refused(suspense.return_money, case_of(late).pk) == "dispute_lost"
    suspense.return_money(case_of(late).pk, by_hand=True, **WHY)
    assert legs("dispute.covered") == [(0, "clearing:scripted", "dispute_loss", 400)]
    assert (unapplied(), broken()) == (0, [])


def test_of_another_charge_it_keeps_nobody(late: UUID) -> None:
    keep(OPEN, charge_ref="ch_9")
    suspense.return_money(case_of(late).pk, **WHY)
    assert Refund.objects.count() == 1


def test_what_lies_in_suspense_waits_for_its_dispute(other: UUID) -> None:
    keep(OPEN, charge_ref="other", amount_minor=900)
    case = Case.objects.get(kind="dispute_unplaced")
    assert (case.payment_id, row(other).disputed_minor) == (other, 0)
    assert "what it names lies in suspense" in case.sentence
    assert all_of(of_suspense(other)) == ["payment_disputed"] * 3
    keep(WON, charge_ref="other", amount_minor=900)
    suspense.apply_money(of_suspense(other).pk, **WHY)
    assert (in_suspense(other), broken()) == (0, [])


def test_what_a_lost_dispute_took_out_of_suspense_leaves_it_once(other: UUID) -> None:
    keep(LOST, charge_ref="other", amount_minor=900)
    assert refused(suspense.apply_money, of_suspense(other).pk) == "dispute_lost"
    suspense.return_money(of_suspense(other).pk, **WHY)
    assert legs("dispute.covered") == [(0, "clearing:scripted", "dispute_loss", 900)]
    assert (in_suspense(other), row(other).state, broken()) == (0, "canceled", [])


@pytest.mark.parametrize("answer", [left_twice.once, left_twice.twice])
def test_what_its_invoice_refused_has_an_end_though_a_dispute_and_its_provider_took_it(
    world, scripted, answer
) -> None:
    """No payee had a part of it, so none bears the dispute: what it took leaves suspense by that."""
    scripted.sheet = replace(scripted.sheet, settlement="platform", reversible=True)
    one = refused_by_its_invoice(world)
    keep(OPEN)
    say(one, TAKEN_BACK)
    asked = Case.objects.get(payment_id=one, kind="given_and_taken")
    assert (in_suspense(one), refused(answer, asked.pk)) == (1000, "payment_disputed")
    keep(LOST)
    if answer is left_twice.twice:
        assert refused(answer, asked.pk) == "source_untold"
    suspense.return_money(of_refused(one).pk, **WHY)
    answer(asked.pk, **WHY)
    lost = [(0, "write_off", "clearing:scripted", 1000)] if answer is left_twice.twice else []
    assert (legs("payment.left_twice"), len(legs("dispute.covered"))) == (lost, 1)
    assert (row(one).state, invoice_of(one).state, in_suspense(one)) == ("reversed", "open", 0)
    _closes_whole(one)


def test_what_its_invoice_refuses_for_ever_and_a_dispute_took_is_returned(
    world, scripted, monkeypatch
) -> None:
    """Its payee never got a part of it, and bears none."""

    def closed(*_: object) -> None:
        raise Refusal("invoice_closed", "the invoice is void")

    scripted.sheet = replace(scripted.sheet, settlement="platform", reversible=True)
    one = refused_by_its_invoice(world)
    monkeypatch.setattr(Debt, "_succeeded", closed)
    assert refused(suspense.apply_money, of_refused(one).pk) == "source_refused"
    keep(OPEN)
    assert (row(one).disputed_minor, refused(suspense.return_money, of_refused(one).pk)) == (
        0,
        "payment_disputed",
    )
    keep(LOST)
    assert refused(suspense.apply_money, of_refused(one).pk) == "dispute_lost"
    suspense.return_money(of_refused(one).pk, **WHY)
    assert legs("dispute.covered") == [(0, "clearing:scripted", "dispute_loss", 1000)]
    assert (in_suspense(one), invoice_of(one).collecting_minor) == (0, 0)
    _closes_whole(one)


def test_what_its_invoice_refused_and_took_after_all_is_disputed_like_any_other(world, scripted) -> None:
    scripted.sheet = replace(scripted.sheet, settlement="platform", reversible=True)
    one = refused_by_its_invoice(world)
    suspense.apply_money(of_refused(one).pk, **WHY)
    keep(LOST)
    assert (row(one).disputed_minor, broken()) == (1000, [])


def of_refused(one: UUID) -> Case:
    return Case.objects.get(payment_id=one, kind="source_refused")


def _closes_whole(one: UUID) -> None:
    """Only the dispute's own case is left, which says what it took; and the books hold."""
    (left,) = Case.objects.filter(payment_id=one, closed_at=None)
    assert left.kind == "dispute_unplaced"
    cases.close_case(left.pk, resolution="gone by the dispute", **WHY)
    assert (row(one).parked_at, broken()) == (None, [])


def test_late_money_that_a_dispute_took_and_its_provider_shows_is_returned_once(late: UUID) -> None:
    keep(LOST)
    say(late, TAKEN_BACK)
    asked = Case.objects.get(payment_id=late, kind="given_and_taken")
    left_twice.once(asked.pk, **WHY)
    suspense.return_money(case_of(late).pk, **WHY)
    assert (legs("payment.reversed"), len(legs("dispute.covered")), unapplied(), broken()) == ([], 1, 0, [])


def test_a_refund_of_late_money_is_called_back_once_a_dispute_took_it(late: UUID, monkeypatch) -> None:
    suspense.return_money(case_of(late).pk, **WHY)
    keep(LOST)
    carry_out(monkeypatch)
    assert carrier(Refund.objects.get()).stop_code == "charge_lost"
    assert cancel.recall() == 1
    assert (case_of(late).closed_at, unapplied(), broken()) == (None, 1000, [])
    suspense.return_money(case_of(late).pk, **WHY)
    assert (len(legs("dispute.covered")), unapplied(), broken()) == (1, 0, [])
