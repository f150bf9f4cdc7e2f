"""A dry run is the real plan (I8): the same obligations as the real run, and not one row left behind."""

from __future__ import annotations

import pytest
from django.db import transaction

from billing.models import Invoice, Subscription
from ops import books, plan
from ops.plan import Obligation
from payments.models import Payment
from tests.ops.test_commands import process, run
from tests.ops.world import rows, subscribe


def keyed(obligations: list[Obligation]) -> set[tuple]:
    return {
        (str(one.subscription_id), one.period_no, one.due_minor, one.currency, one.provider, one.amount_minor)
        for one in obligations
    }


def real() -> set[tuple]:
    """What the real run made, by key and amount."""
    made = set()
    for invoice in Invoice.objects.exclude(state="draft"):
        payment = Payment.objects.filter(source_id=invoice.pk).first()
        made.add((str(invoice.subscription_id), invoice.period_no, invoice.due_minor, invoice.currency,
                  payment.provider if payment else "", payment.amount_minor if payment else 0))  # fmt: skip
    return made


def test_the_plan_is_what_the_real_run_does(committed):
    for _ in range(5):
        subscribe(committed)
    unpaid = subscribe(committed)
    Subscription.objects.filter(pk=unpaid.pk).update(method_id=None)
    committed.later(days=62)  # periods 0, 1 and 2 are due
    before = rows()
    made = plan.plan(clocks=[committed.clock_id], chunk=2)
    assert rows() == before
    assert len(made.obligations) == 18
    assert made.postings == {("invoice.finalized", "USDC"): 18}
    assert made.posted_minor["invoice.finalized", "USDC"] == 18_000
    assert made.events["invoice.finalized"] == 18
    assert (made.held, made.skipped, made.complete) == ([], 0, True)
    committed.bill()
    assert keyed(made.obligations) == real()


def test_the_real_run_after_a_dry_one_books_on_accounts_that_are_there(committed):
    """Accounts made in a plan are rolled back; remembered ids of them would be nobody's."""
    subscribe(committed)
    plan.plan(clocks=[committed.clock_id])
    plan.plan(clocks=[committed.clock_id])
    done = process(committed)
    assert (done["payments"], done["drafts_held"]) == (1, 0)
    assert books.check_books().broken == []


def test_a_dry_run_by_command_leaves_nothing_and_sends_nothing(committed, scripted):
    subscribe(committed)
    subscribe(committed)
    before = rows()
    found = process(committed, "--dry-run")
    assert rows() == before
    assert scripted.sent == []
    assert found["dry_run"] is True
    assert found["totals"] == [
        {"provider": "scripted", "currency": "USDC", "obligations": 2, "amount_minor": 2000}
    ]
    assert {one["state"] for one in found["obligations"]} == {"open"}
    assert {"held", "scheduled", "postings", "events", "skipped", "complete", "clocks"} <= set(found)
    text = run("process_due_payments", "--dry-run", "--clock", str(committed.clock_id))
    assert "nothing was signed, sent or kept" in text
    assert rows() == before


def test_what_a_run_would_hold_is_in_the_plan(committed):
    """One is too far behind, one has data that no invoice can be made of; the others go on."""
    behind = subscribe(committed)
    committed.later(days=365)
    good, spoilt = subscribe(committed), subscribe(committed)
    Subscription.objects.filter(pk=spoilt.pk).update(zone="Nowhere/At_All")
    before = rows()
    made = plan.plan(clocks=[committed.clock_id])
    assert rows() == before
    assert {(held.subscription_id, held.code) for held in made.held} == {
        (behind.pk, "catch_up"), (spoilt.pk, "bad_data"),
    }  # fmt: skip
    assert good.pk in {one.subscription_id for one in made.obligations}
    committed.bill()
    assert keyed(made.obligations) == real()
    held = set(Subscription.objects.exclude(held_code="").values_list("pk", "period_no", "held_reason"))
    held |= set(
        Invoice.objects.filter(state="draft").values_list("subscription_id", "period_no", "held_reason")
    )
    assert {(one.subscription_id, one.period_no, one.reason) for one in made.held} == held


def test_drafts_and_payments_from_before_are_part_of_the_plan(committed):
    from billing import cycle

    subscribe(committed)
    cycle.claim(committed.clock_id)
    made = plan.plan(clocks=[committed.clock_id])
    assert [one.period_no for one in made.obligations] == [0]
    assert made.scheduled == []
    cycle.finalize()
    made = plan.plan(clocks=[committed.clock_id])
    assert made.obligations == []
    assert [(one.provider, one.payments, one.amount_minor) for one in made.scheduled] == [
        ("scripted", 1, 1000)
    ]
    Payment.objects.update(stop_code="canceled")
    assert plan.plan(clocks=[committed.clock_id]).scheduled == [], "what was told to stop is not sent"


def test_the_limit_is_said(committed):
    for _ in range(3):
        subscribe(committed)
    made = plan.plan(clocks=[committed.clock_id], limit=2, chunk=2)
    assert (len(made.obligations), made.complete) == (2, False)
    assert plan.plan(clocks=[committed.clock_id], limit=3, chunk=2).complete
    assert process(committed, "--dry-run", "--limit", "1")["complete"] is False


def test_a_plan_does_not_run_inside_a_transaction(world):
    with transaction.atomic(), pytest.raises(RuntimeError, match="can't run inside another"):
        plan.plan(clocks=[world.clock_id])
