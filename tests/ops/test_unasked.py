"""A debt that waited for a person's decision about a payment is listed once that was made, and nobody asked again."""

from __future__ import annotations

from uuid import UUID

from billing import again, trigger
from billing.models import Invoice
from engine.core import clock
from engine.core.actor import Actor, Role
from engine.providers.base import Finding, Outcome
from ops import books
from payments import cancel, cases, suspense
from payments.models import Attempt, Case, Payment
from payments.pipeline import evidence
from payments.pipeline.evidence import Said
from tests.ops.world import fill
from tests.payments.scripted import declined
from tests.payments.steps import apply_all

ADA = Actor("ada", "user", Role.APPROVER)
SEEN = Finding(Outcome.PENDING, code="confirmed", provisional=True)


def unasked() -> list[UUID]:
    found = {result.name: result for result in books.examine().results}["unasked"]
    return [UUID(row["invoice_id"]) for row in found.examples]


def test_a_debt_is_not_forgotten_with_the_case_that_stopped_its_next_payment(world, scripted):
    first = fill(world, scripted)["declined"]
    attempt, invoice = Attempt.objects.get(payment_id=first), Invoice.objects.get(pk=source_of(first))
    trigger.trigger(invoice.subscription_id)
    said(attempt, SEEN)
    assert cancel.recall() == 1
    invoice.refresh_from_db()
    assert (invoice.collecting_minor, invoice.reason_code, unasked()) == (0, "payment_in_question", [])
    said(attempt, declined())
    assert unasked() == [], "its case is open"
    cases.close_case(Case.objects.get(payment_id=first).pk, resolution="refused", reason="looked", by=ADA)
    assert unasked() == [invoice.pk]
    assert trigger.trigger(invoice.subscription_id).scheduled == [invoice.pk]
    assert unasked() == []


def test_a_debt_is_not_forgotten_with_the_money_that_came_late_for_it(world, scripted):
    late = fill(world, scripted)["late"]
    invoice = Invoice.objects.get(pk=source_of(late))
    again.collect_again(invoice.subscription_id, machine_at=clock.machine_now())
    invoice.refresh_from_db()
    assert (invoice.reason_code, unasked()) == ("money_arrived_late", [])
    suspense.return_money(Case.objects.get(payment_id=late).pk, reason="a drill", by=ADA)
    assert unasked() == [invoice.pk]


def source_of(payment_id: UUID) -> UUID:
    return Payment.objects.get(pk=payment_id).source_id


def said(attempt: Attempt, finding: Finding) -> None:
    evidence.store([Said(attempt.pk, attempt.payment_id, 1, "lookup", finding)])
    apply_all()
