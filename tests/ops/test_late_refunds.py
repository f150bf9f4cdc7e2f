"""Paid after close, on the platform: it goes back as a refund; the books hold after each."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from billing import trigger
from engine.providers.base import FailureClass, Finding, Outcome
from payments import cancel, dispute, refund, suspense
from payments.models import Case, Refund
from payments.pipeline import evidence
from payments.pipeline.evidence import Said
from tests.ops.suspended import WHY, broken, invoice_of, legs, row, two_attempts
from tests.ops.test_paid_late import TAKEN_BACK, case_of, code, unapplied
from tests.ops.world import WHOLE, mark, open_payment, say, settle, subscribe
from tests.payments.refunding import carrier, carry_out, counters, hinted
from tests.payments.scripted import declined, paid
from tests.payments.steps import apply_all
from tests.payments.test_disputes import LOST, found


@pytest.fixture
def late(world, scripted) -> UUID:
    """Given up, and paid after all, where money goes back by its provider."""
    scripted.sheet = replace(
        scripted.sheet, settlement="platform", reversible=True, operations=("charge", "refund")
    )
    subscription = subscribe(world)
    world.bill()
    one = open_payment(subscription)
    scripted.looks = {one: [declined()]}
    settle(scripted)
    say(one, paid(**WHOLE))
    assert row(one).state == "succeeded_late"
    return one


@pytest.fixture
def sent_back(late: UUID, scripted) -> Refund:
    """Its provider gives back: a refund of it is asked for."""
    closed = suspense.return_money(case_of(late).pk, **WHY)
    assert closed.resolution == "0.001000 USDC goes back by scripted, refund 1: a drill"
    one = Refund.objects.get()
    assert (one.attempt_id, one.fee_minor, legs("late.refund_requested")) == (
        case_of(late).attempt_id, 0, [(0, "unapplied", "refunds_payable", 1000)],
    )  # fmt: skip
    assert (unapplied(), broken()) == (0, [])
    assert code(lambda: trigger.trigger(invoice_of(late).subscription_id)) == "money_arrived_late"
    return one


def test_it_goes_back_by_its_provider(late: UUID, sent_back: Refund, scripted, monkeypatch) -> None:
    invoice = invoice_of(late)
    carry_out(monkeypatch)
    sent_back.refresh_from_db()
    assert scripted.sent[-1].instructions["charge"]["movement_id"] == "m"
    assert (sent_back.state, carrier(sent_back).state) == ("succeeded", "succeeded")
    assert legs("refund.succeeded") == [(0, "refunds_payable", "clearing:scripted", 1000)]
    assert (counters(late), invoice_of(late).refunded_minor) == ((0, 0), 0), "it was never collected"
    assert (unapplied(), broken()) == (0, [])
    assert trigger.trigger(invoice.subscription_id).scheduled == [invoice.pk]
    assert len(mark()) == 1, "and what is asked for again is sent"
    Case.objects.update(closed_at=None)
    assert code(lambda: suspense.return_money(case_of(late).pk, **WHY)) == "nothing_unapplied"


def test_what_could_not_go_back_is_a_case_again(late: UUID, sent_back: Refund, scripted, monkeypatch) -> None:
    scripted.replies[carrier(sent_back).pk] = [declined("charge_already_refunded")]
    carry_out(monkeypatch)
    case = case_of(late)
    assert case.sentence == "it came late and is still here: its refund failed, the allowance is too small"
    assert case.closed_at is None
    assert legs("late.refund_released") == [(0, "refunds_payable", "unapplied", 1000)]
    assert (unapplied(), broken()) == (1000, [])
    suspense.return_money(case.pk, by_hand=True, **WHY)  # somebody had done it at the gateway
    assert (len(legs("late.returned")), unapplied(), broken()) == (1, 0, [])


def test_what_its_provider_sends_back_comes_back_to_unapplied(
    late: UUID, sent_back: Refund, scripted, monkeypatch
) -> None:
    carry_out(monkeypatch)
    scripted.looks[carrier(sent_back).pk] = [
        Finding(Outcome.REVERSED, FailureClass.NONE, "account_closed", "It came back.")
    ]
    hinted(sent_back)
    assert (case_of(late).closed_at, unapplied(), broken()) == (None, 1000, [])
    assert suspense.apply_money(case_of(late).pk, **WHY).closed_at is not None
    assert (invoice_of(late).state, broken()) == ("paid", [])


def test_what_went_back_after_all_is_out_of_unapplied(
    late: UUID, sent_back: Refund, scripted, monkeypatch
) -> None:
    scripted.replies[carrier(sent_back).pk] = [declined("timeout_of_theirs")]
    carry_out(monkeypatch)
    hinted(sent_back)  # the scripted look finds it done
    sent_back.refresh_from_db()
    assert (sent_back.state, carrier(sent_back).state) == ("succeeded", "succeeded_late")
    assert (unapplied(), broken()) == (0, [])
    scripted.looks[carrier(sent_back).pk] = [
        Finding(Outcome.REVERSED, FailureClass.NONE, "account_closed", "It came back.")
    ]
    hinted(sent_back)
    assert (case_of(late).closed_at, unapplied(), broken()) == (None, 1000, [])


def test_what_is_called_back_is_a_case_again(late: UUID, sent_back: Refund) -> None:
    refund.cancel(sent_back.pk, **WHY)
    assert (case_of(late).closed_at, unapplied(), broken()) == (None, 1000, [])


def test_what_its_payer_disputes_is_decided_first(late: UUID) -> None:
    dispute.keep("scripted", found(charge_ref="m"))
    assert code(lambda: suspense.return_money(case_of(late).pk, **WHY)) == "payment_disputed"


def went_back(one: Refund, scripted, monkeypatch, minor: int) -> None:
    """In another amount than was asked, which a person counted."""
    found = paid(gross_minor=minor, currency="USDC", movement_id="re_7")
    scripted.looks[carrier(one).pk] = [found]
    carry_out(monkeypatch)
    suspense.apply_money(Case.objects.get(kind="amount_differs").pk, **WHY)
    one.refresh_from_db()
    assert (one.state, broken()) == ("canceled", [])


@pytest.fixture
def rest(late: UUID, sent_back: Refund, scripted, monkeypatch) -> UUID:
    """Of 1000 that came late 600 went back."""
    went_back(sent_back, scripted, monkeypatch, 600)
    assert case_of(late).sentence == (
        "it came late: 0.000600 USDC went back, refund 2, and 0.000400 USDC of it is still here"
    )
    assert (case_of(late).closed_at, unapplied()) == (None, 400)
    assert code(lambda: trigger.trigger(invoice_of(late).subscription_id)) == "money_arrived_late"
    return late


@pytest.mark.parametrize("by_hand", [False, True])
def test_the_rest_of_what_went_back_in_another_amount_goes_back_too(
    rest: UUID, monkeypatch, by_hand: bool
) -> None:
    suspense.return_money(case_of(rest).pk, by_hand=by_hand, **WHY)
    last = Refund.objects.latest("refund_no")
    assert (last.amount_minor, last.state) == (400, "succeeded" if by_hand else "requested")
    assert broken() == []
    carry_out(monkeypatch)
    last.refresh_from_db()
    assert (last.state, legs("late.returned"), unapplied(), broken()) == ("succeeded", [], 0, [])
    invoice = invoice_of(rest)
    assert trigger.trigger(invoice.subscription_id).scheduled == [invoice.pk]


def test_the_rest_of_what_went_back_in_another_amount_pays_what_it_can(rest: UUID) -> None:
    suspense.apply_money(case_of(rest).pk, **WHY)
    assert legs("late.applied") == [
        (0, "unapplied", "receivable", 400), (1, "billed", "fee_income", 10), (2, "billed", "payable", 390),
    ]  # fmt: skip
    invoice = invoice_of(rest)
    assert (invoice.state, invoice.collected_minor, unapplied(), broken()) == ("open", 400, 0, [])
    assert code(lambda: refund.request(rest, amount_minor=401, **WHY)) == "refund_beyond"
    say(rest, TAKEN_BACK)  # whole, though a part of it had gone back: its payer owes that part
    assert (invoice_of(rest).collected_minor, unapplied(), broken()) == (0, -600, [])


def test_more_than_came_late_leaves_nothing_to_decide(late, sent_back, scripted, monkeypatch) -> None:
    went_back(sent_back, scripted, monkeypatch, 1200)
    assert case_of(late).resolution == "0.001200 USDC went back, refund 2"
    assert unapplied() == -200, "they owe it, and the books show it"
    invoice = invoice_of(late)
    assert trigger.trigger(invoice.subscription_id).scheduled == [invoice.pk]


@pytest.fixture
def applied(late: UUID) -> UUID:
    """A person said that it pays the debt after all."""
    suspense.apply_money(case_of(late).pk, **WHY)
    assert invoice_of(late).state == "paid"
    return late


def test_what_paid_late_is_refunded_like_any_other(applied: UUID, scripted, monkeypatch) -> None:
    one = refund.request(applied, amount_minor=400, **WHY)
    assert legs("refund.requested") == [
        (0, "payable", "refunds_payable", 390), (1, "fee_income", "refunds_payable", 10),
    ]  # fmt: skip
    carry_out(monkeypatch)
    one.refresh_from_db()
    assert scripted.sent[-1].instructions["charge"]["movement_id"] == "m"
    assert (one.state, counters(applied), invoice_of(applied).refunded_minor) == ("succeeded", (0, 400), 400)
    assert code(lambda: refund.request(applied, amount_minor=601, **WHY)) == "refund_beyond"
    assert (refund.request(applied, amount_minor=None, **WHY).fee_minor, broken()) == (15, [])


def test_a_dispute_of_what_paid_late_freezes_its_payees_part(applied: UUID) -> None:
    row_of_it = dispute.keep("scripted", found(charge_ref="m", fee_minor=0))
    assert (row_of_it.payment_id, row_of_it.counted_minor, row_of_it.fee_minor) == (applied, 1000, 25)
    assert legs("dispute.opened")[1] == (1, "payable", "frozen", 975)
    assert code(lambda: refund.request(applied, amount_minor=1, **WHY)) == "payment_disputed"
    assert broken() == []
    dispute.keep("scripted", found(LOST, charge_ref="m", fee_minor=0))
    assert code(lambda: refund.request(applied, amount_minor=1, **WHY)) == "refund_beyond"
    assert broken() == []


def test_a_refund_of_what_paid_late_stays_once_that_is_taken_back(
    applied: UUID, scripted, monkeypatch
) -> None:
    one = refund.request(applied, amount_minor=400, **WHY)
    say(applied, TAKEN_BACK)
    carry_out(monkeypatch)
    assert carrier(one).stop_code == "charge_taken_back"
    assert cancel.recall() == 1
    one.refresh_from_db()
    assert (one.state, counters(applied), broken()) == ("canceled", (0, 0), [])
    assert code(lambda: refund.request(applied, amount_minor=1, **WHY)) == "not_paid"


def test_of_two_that_came_late_the_one_that_paid_bears_its_dispute(world, scripted) -> None:
    scripted.sheet = replace(scripted.sheet, settlement="platform", reversible=True)
    one, first = two_attempts(world)
    say(one, declined())
    say(one, paid(**WHOLE, movement_id="second"))
    evidence.store([Said(first.pk, one, 1, "lookup", paid(**WHOLE, movement_id="first"))])
    apply_all()
    cases = Case.objects.filter(payment_id=one, kind="paid_after_close")
    suspense.return_money(cases.exclude(attempt_id=first.pk).get().pk, **WHY)
    suspense.apply_money(cases.get(attempt_id=first.pk).pk, **WHY)
    beside = dispute.keep("scripted", found(dispute_ref="dp_2", charge_ref="second", fee_minor=0))
    assert (beside.payment_id, row(one).disputed_minor) == (None, 0)
    dispute.keep("scripted", found(charge_ref="first", fee_minor=0))
    assert (row(one).disputed_minor, broken()) == (1000, [])
