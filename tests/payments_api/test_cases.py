"""Closing a case: by an approver, with what came of it; what it kept from going on may go on, and no more than that."""

from __future__ import annotations

from uuid import UUID

import pytest

from billing import again
from engine.audit.models import Entry
from engine.core.actor import Actor, NotAllowed, Role
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.providers.base import Outcome
from payments import cases, operate
from payments.models import Attempt, Case, Payment
from tests.ops.world import WHOLE, say
from tests.payments.scripted import paid
from tests.payments.steps import absence_may_be_read
from tests.payments_api.conftest import row

ADA = Actor("ada", "user", Role.APPROVER)
SAID = {"resolution": "sent back", "reason": "the bank confirmed it"}


@pytest.fixture
def payments(standing_payments) -> dict[str, UUID]:
    return standing_payments


def case_of(payment_id) -> Case:
    return Case.objects.get(payment_id=payment_id)


def seen_again(payment_id) -> None:
    """Its attempt was proved not sent, and is paid after all: the payment is scheduled again."""
    Attempt.objects.filter(payment_id=payment_id).update(state="unknown")
    Attempt.objects.filter(payment_id=payment_id).update(state="not_sent")
    Payment.objects.filter(pk=payment_id).update(state="scheduled")
    say(payment_id, paid(**WHOLE))


def test_a_case_is_closed_with_what_came_of_it(payments):
    one = case_of(payments["late"])
    cases.close_case(one.pk, by=ADA, **SAID)
    one.refresh_from_db()
    assert (one.closed_by, one.resolution) == ("ada", "sent back")
    entry = Entry.objects.get(verb="close_case")
    assert (entry.actor, entry.reason, entry.before["closed_at"]) == ("ada", "the bank confirmed it", None)
    assert entry.after["resolution"] == "sent back"


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"resolution": " "}, "resolution_invalid"), ({"resolution": "x" * 2001}, "resolution_invalid"),
     ({"reason": ""}, "reason_missing")],
)  # fmt: skip
def test_a_case_is_not_closed_without_words(payments, changes, code):
    with pytest.raises(Refusal) as refused:
        cases.close_case(case_of(payments["late"]).pk, by=ADA, **(SAID | changes))
    assert refused.value.code == code
    assert case_of(payments["late"]).closed_at is None
    assert not Entry.objects.filter(verb="close_case").exists()


def test_an_operator_does_not_close_cases(payments):
    with pytest.raises(NotAllowed):
        cases.close_case(case_of(payments["late"]).pk, by=Actor("olga", "user", Role.OPERATOR), **SAID)
    assert case_of(payments["late"]).closed_at is None


def test_what_is_closed_or_not_there_is_refused(payments):
    one = case_of(payments["late"])
    cases.close_case(one.pk, by=ADA, **SAID)
    for pk, code in ((one.pk, "case_closed"), (uuid7(), "case_unknown")):
        with pytest.raises(Refusal) as refused:
            cases.close_case(pk, by=ADA, **SAID)
        assert refused.value.code == code


def test_money_of_another_amount_stays_a_case_while_its_payment_is_open(payments):
    with pytest.raises(Refusal) as refused:
        cases.close_case(case_of(payments["differs"]).pk, by=ADA, **SAID)
    assert refused.value.code == "money_in_suspense"


def test_money_that_came_late_stays_in_question_for_ever(payments):
    """Closing says what came of it; the invoice is not asked for again, whatever was said."""
    cases.close_case(case_of(payments["late"]).pk, by=ADA, **SAID)
    invoice = row(payments["late"]).source_id
    assert again.in_question([invoice]) == {invoice: again.ARRIVED_LATE}


def test_a_closed_case_no_longer_holds_its_invoice(payments):
    one = payments["declined"]
    attempt = Attempt.objects.get(payment_id=one)
    Case.objects.create(
        id=uuid7(), kind="seen_after_end", payment_id=one, attempt_id=attempt.pk, sentence="seen",
        opened_at=attempt.created_at,
    )  # fmt: skip
    invoice = row(one).source_id
    assert again.in_question([invoice]) == {invoice: again.IN_QUESTION}
    cases.close_case(case_of(one).pk, by=ADA, **SAID)
    assert again.in_question([invoice]) == {}


def test_closing_does_not_let_a_paid_one_be_sent_again(payments):
    one = payments["pending"]
    seen_again(one)
    cases.close_case(case_of(one).pk, by=ADA, **SAID)
    with pytest.raises(Refusal) as refused:
        operate.unpark(one, reason="a drill", by=ADA)
    assert refused.value.code == "money_arrived"


def test_what_is_told_again_after_closing_is_open_again(payments):
    """A look that finds a given-up attempt twice: the second time somebody must look again."""
    one = payments["declined"]
    seen = paid(outcome=Outcome.PENDING)
    say(one, seen)
    first = case_of(one)
    assert first.kind == "seen_after_end"
    say(one, seen)
    assert case_of(one).opened_at == first.opened_at
    absence_may_be_read()
    say(one, paid(outcome=Outcome.ABSENT))
    cases.close_case(first.pk, by=ADA, **SAID)
    say(one, seen)
    reopened = case_of(one)
    assert (reopened.pk, reopened.closed_at, reopened.closed_by, reopened.resolution) == (
        first.pk,
        None,
        "",
        "",
    )
    assert reopened.opened_at > first.opened_at
    assert Entry.objects.get(verb="close_case").after["resolution"] == "sent back"
