"""Paid after close: what came late pays the debt after all, or was given back; the books hold after each."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from billing import again, trigger
from billing.models import Subscription
from engine.core.errors import Refusal
from engine.core.timeline import when
from engine.ledger.models import Transfer
from engine.outbox.models import Event
from engine.providers.base import FailureClass, Finding, Outcome
from ops import books
from ops.jobs import view
from payments import cancel, cases, story, suspense
from payments.models import Case, Payment
from payments.pipeline import evidence
from payments.pipeline.evidence import Said
from tests.ops.suspended import WHY, broken, invoice_of, legs, row, two_attempts
from tests.ops.world import NETWORK, WHOLE, open_payment, say, settle, subscribe
from tests.payments.scripted import TAKEN_BACK, declined, paid
from tests.payments.steps import apply_all


@pytest.fixture(params=["direct", "platform"])
def late(request: pytest.FixtureRequest, world, scripted) -> UUID:
    """Given up, and paid after all."""
    scripted.sheet = replace(scripted.sheet, settlement=request.param, reversible=True)
    subscription = subscribe(world)
    world.bill()
    one = open_payment(subscription)
    scripted.looks = {one: [declined()]}
    settle(scripted)
    say(one, paid(**WHOLE, **NETWORK))
    assert (row(one).state, invoice_of(one).state, broken()) == ("succeeded_late", "open", [])
    assert unapplied() == 1000
    in_unapplied, in_question = shown(one)
    assert in_unapplied.startswith("; the money is in unapplied. A person decides: late: ")
    assert in_question == "; a person decides."
    return one


def case_of(one: UUID) -> Case:
    return Case.objects.get(payment_id=one, kind="paid_after_close")


def unapplied() -> int:
    """What check_books lists as open there."""
    (found,) = (each for each in books.examine().results if each.name == "unapplied")
    return sum(int(each["open_minor"]) for each in found.examples)


def payments_of(one: UUID) -> int:
    """How often what it was for was asked for."""
    return Payment.objects.filter(source_id=row(one).source_id).count()


def shown(one: UUID) -> tuple[str, str]:
    """What its page and its job say of what came late."""
    sentence, (job,) = story.sentence(row(one)), view.of_payments([one])
    return sentence.partition(f", at {when(row(one).ended_at)}")[2], job.reason.partition("given up")[2]


def code(verb) -> str:
    with pytest.raises(Refusal) as refused:
        verb()
    return refused.value.code


def test_it_pays_the_debt_after_all(late: UUID) -> None:
    subscription = Subscription.objects.get(pk=invoice_of(late).subscription_id)
    assert subscription.state == "past_due"
    closed = suspense.apply_money(case_of(late).pk, **WHY)
    invoice = invoice_of(late)
    assert (invoice.state, invoice.collected_minor, row(late).state) == ("paid", 1000, "succeeded_late")
    platform = row(late).settlement == "platform"
    assert legs("late.applied") == [
        (0, "unapplied", "receivable", 1000), (1, "billed", "fee_income", 25),
        *([(2, "billed", "payable", 975)] if platform else []),
    ]  # fmt: skip
    assert closed.resolution == "0.001000 USDC applied: a drill"
    assert shown(late) == (
        ". What became of it: 0.001000 USDC applied: a drill.",
        ": 0.001000 USDC applied: a drill",
    )
    assert Event.objects.filter(object_id=invoice.pk).latest("seq").type == "invoice.paid"
    subscription.refresh_from_db()
    assert (subscription.state, unapplied(), broken()) == ("active", 0, [])


def test_it_was_given_back(late: UUID) -> None:
    suspense.return_money(case_of(late).pk, **WHY)
    booked = legs("payment.succeeded_late")
    assert legs("late.returned") == [(seq, credit, debit, minor) for seq, debit, credit, minor in booked]
    assert (invoice_of(late).state, unapplied(), broken()) == ("open", 0, [])
    assert case_of(late).resolution.startswith("0.001000 USDC returned by hand (")


@pytest.mark.parametrize("verb", [suspense.apply_money, suspense.return_money])
def test_it_leaves_unapplied_once(late: UUID, verb) -> None:
    verb(case_of(late).pk, **WHY)
    assert code(lambda: verb(case_of(late).pk, **WHY)) == "case_closed"
    Case.objects.update(closed_at=None)
    for other in (suspense.apply_money, suspense.return_money):
        assert code(lambda other=other: other(case_of(late).pk, **WHY)) == "nothing_unapplied"
    assert broken() == []


def test_what_was_given_back_is_collected_again_and_not_before(late: UUID, scripted) -> None:
    invoice = invoice_of(late)
    assert code(lambda: trigger.trigger(invoice.subscription_id)) == "money_arrived_late"
    suspense.return_money(case_of(late).pk, **WHY)
    assert trigger.trigger(invoice.subscription_id).scheduled == [invoice.pk]
    settle(scripted)
    assert (invoice_of(late).state, payments_of(late), broken()) == ("paid", 2, [])


@pytest.mark.parametrize("verb", [suspense.apply_money, suspense.return_money])
def test_what_was_left_the_customers_is_decided_later(late: UUID, verb, scripted) -> None:
    invoice = invoice_of(late)
    cases.close_case(case_of(late).pk, resolution="it stays theirs", **WHY)
    assert code(lambda: trigger.trigger(invoice.subscription_id)) == "money_arrived_late"
    assert code(lambda: cases.close_case(case_of(late).pk, resolution="again", **WHY)) == "case_closed"
    verb(case_of(late).pk, **WHY)
    assert code(lambda: verb(case_of(late).pk, **WHY)) == "case_closed"
    if verb is suspense.return_money:
        assert trigger.trigger(invoice.subscription_id).scheduled == [invoice.pk]
        settle(scripted)
    assert (invoice_of(late).state, unapplied(), broken()) == ("paid", 0, [])


def test_of_two_that_came_late_each_is_decided(world, scripted) -> None:
    one, first = two_attempts(world)
    say(one, declined())
    say(one, paid(**WHOLE, movement_id="second"))
    evidence.store([Said(first.pk, one, 1, "lookup", paid(**WHOLE, movement_id="first"))])
    apply_all()
    invoice = invoice_of(one)
    for case in Case.objects.filter(payment_id=one, kind="paid_after_close"):
        assert code(lambda: trigger.trigger(invoice.subscription_id)) == "money_arrived_late"
        suspense.return_money(case.pk, **WHY)
    assert trigger.trigger(invoice.subscription_id).scheduled == [invoice.pk]
    assert (len(legs("late.returned")), broken()) == (4, [])


def test_what_its_provider_took_back_is_collected_again(late: UUID, scripted) -> None:
    say(late, TAKEN_BACK)
    for case in Case.objects.filter(payment_id=late):
        cases.close_case(case.pk, resolution="the provider took it back", **WHY)
    assert shown(late) == (". What became of it: the provider took it back.", ": the provider took it back")
    invoice = invoice_of(late)
    assert trigger.trigger(invoice.subscription_id).scheduled == [invoice.pk]
    settle(scripted)
    assert (invoice_of(late).state, payments_of(late), broken()) == ("paid", 2, [])


def test_whoever_is_called_back_for_a_question_is_not_asked_again_by_itself(
    late: UUID, scripted, monkeypatch
) -> None:
    """Were billing and sending ever to disagree about that, one payment is made for it, not one a tick."""
    monkeypatch.setattr(again, "in_question", lambda invoices: {})
    invoice = invoice_of(late)
    assert trigger.trigger(invoice.subscription_id).scheduled == [invoice.pk]
    settle(scripted)
    assert (cancel.recall(), cancel.recall()) == (1, 0)
    invoice.refresh_from_db()
    assert (invoice.collecting_minor, invoice.reason_code) == (0, "payment_in_question")
    assert (payments_of(late), broken()) == (2, [])


def test_what_is_being_asked_for_again_is_not_paid_twice(world, scripted) -> None:
    subscription = subscribe(world)
    world.bill()
    one = open_payment(subscription)
    scripted.looks = {one: [declined()]}
    settle(scripted)
    invoice = invoice_of(one)
    assert trigger.trigger(invoice.subscription_id).scheduled == [invoice.pk]
    say(one, paid(**WHOLE, **NETWORK))
    before = Transfer.objects.count()
    assert code(lambda: suspense.apply_money(case_of(one).pk, **WHY)) == "source_refused"
    assert (Transfer.objects.count(), case_of(one).closed_at) == (before, None)
    assert (invoice_of(one).state, broken()) == ("open", [])


def test_what_its_provider_took_back_is_there_no_more(late: UUID) -> None:
    say(late, TAKEN_BACK)
    for verb in (suspense.apply_money, suspense.return_money):
        assert code(lambda verb=verb: verb(case_of(late).pk, **WHY)) == "nothing_unapplied"


def test_what_its_provider_took_back_is_owed_again_though_it_had_paid(late: UUID) -> None:
    suspense.apply_money(case_of(late).pk, **WHY)
    say(late, Finding(Outcome.REVERSED, FailureClass.NONE, "account_closed", "The bank sent it back."))
    invoice = invoice_of(late)
    assert (invoice.state, invoice.collected_minor, invoice.paid_at) == ("open", 0, None)
    assert (invoice.reason_code, Case.objects.filter(payment_id=late, kind="reversed").exists()) == (
        "payment_taken_back", True,
    )  # fmt: skip
    put = legs("late.applied") + legs("payment.succeeded_late")
    back = legs("late.reversed") + legs("payment.reversed")
    assert back == [(seq, credit, debit, minor) for seq, debit, credit, minor in put]
    assert (unapplied(), broken()) == (0, [])
    say(late, Finding(Outcome.REVERSED, FailureClass.NONE, "account_closed", "The bank sent it back."))
    assert (invoice_of(late).collected_minor, broken()) == (0, []), "once"
