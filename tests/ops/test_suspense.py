"""Money in suspense leaves it by an approver: applied to what it was for, or given back; the books hold after each."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from billing import again, trigger
from engine.audit.models import Entry
from engine.core.errors import Refusal
from engine.outbox.models import Event
from ops import books
from payments import cases, settle, story, suspense
from payments.models import Attempt, Payment
from tests.ops.suspended import (
    NOT_LEFT,
    WHY,
    broken,
    case_of,
    differing,
    in_suspense,
    invoice_of,
    legs,
    refused_by_its_invoice,
    row,
)
from tests.ops.world import NETWORK, WHOLE, fill, mark, open_payment, say, subscribe
from tests.ops.world import settle as run
from tests.payments.scripted import paid


@pytest.fixture
def payments(world, scripted) -> dict[str, UUID]:
    return fill(world, scripted)


def test_less_than_was_asked_pays_that_much_of_the_debt(payments):
    one = payments["differs"]
    assert "suspense_old" in broken()
    closed = suspense.apply_money(case_of(one).pk, **WHY)
    found, invoice = row(one), invoice_of(one)
    assert (found.state, found.settled_minor, found.parked_at) == ("succeeded", 900, None)
    assert (Attempt.objects.get(payment_id=one).state, in_suspense(one)) == ("succeeded", 0)
    assert legs("suspense.applied") == [(0, "suspense", "receivable", 900), (2, "billed", "fee_income", 22)]
    assert (invoice.state, invoice.collected_minor, invoice.collecting_minor) == ("open", 900, 0)
    assert (closed.closed_by, closed.resolution) == ("ada", "0.000900 USDC applied: a drill")
    assert Entry.objects.get(verb="apply_money").after["resolution"] == closed.resolution
    assert Event.objects.filter(object_id=one).latest("seq").type == "payment.succeeded"
    assert broken() == []
    assert trigger.trigger(invoice.subscription_id).scheduled == [invoice.pk]
    assert Payment.objects.get(source_id=invoice.pk, state="scheduled").amount_minor == 100
    titles = [moment.title for moment in story.timeline(one)]
    assert {"booked payment.mismatch", "booked suspense.applied"} <= {*titles}


def test_more_than_was_asked_pays_the_debt_and_the_rest_is_the_customers(world, scripted):
    one = differing(world, 1100)
    suspense.apply_money(case_of(one).pk, **WHY)
    assert (row(one).state, row(one).settled_minor, invoice_of(one).state) == ("succeeded", 1000, "paid")
    assert legs("suspense.applied") == [
        (0, "suspense", "receivable", 1000), (1, "suspense", "unapplied", 100), (2, "billed", "fee_income", 25),
    ]  # fmt: skip
    assert broken() == []
    (open_credit,) = next(each for each in books.examine().results if each.name == "unapplied").examples
    assert (open_credit["open_minor"], open_credit["payment_id"]) == (100, str(one))


@pytest.mark.parametrize("verb", ["apply_money", "return_money"])
def test_money_that_is_held_on_the_platform(world, scripted, verb):
    scripted.sheet = replace(scripted.sheet, settlement="platform")
    one = differing(world, 900)
    getattr(suspense, verb)(case_of(one).pk, **WHY)
    booked = {
        "apply_money": [(0, "suspense", "receivable", 900), (2, "billed", "fee_income", 22),
                        (3, "billed", "payable", 878)],
        "return_money": [(0, "suspense", "clearing:scripted", 900)],
    }  # fmt: skip
    assert legs("suspense.applied") + legs("suspense.returned") == booked[verb]
    assert (in_suspense(one), broken()) == (0, [])


def test_several_movements_of_a_case_go_together_and_the_fee_adds_up(world, scripted):
    one = differing(world, 333)
    say(one, paid(**(WHOLE | {"gross_minor": 335, "movement_id": "second"})))
    say(one, paid(**(WHOLE | {"gross_minor": 500, "movement_id": "third"})))
    suspense.apply_money(case_of(one).pk, **WHY)
    fees = [leg for leg in legs("suspense.applied") if leg[0] == 2]
    assert (row(one).settled_minor, sum(leg[3] for leg in fees), len(fees)) == (1000, 25, 3)
    assert (in_suspense(one), invoice_of(one).state, broken()) == (0, "paid", [])


def test_what_was_given_back_leaves_as_it_came_and_its_payment_ends(payments):
    one = payments["differs"]
    suspense.return_money(case_of(one).pk, **WHY)
    found = row(one)
    assert (found.state, found.settled_minor, found.parked_at) == ("canceled", 0, None)
    assert legs("suspense.returned") == [
        (0, "suspense", "settled_direct", 875), (1, "suspense", "clearing:scripted", 25),
    ]  # fmt: skip
    assert (invoice_of(one).collecting_minor, invoice_of(one).collected_minor) == (0, 0)
    assert (case_of(one).resolution, in_suspense(one)) == ("0.000900 USDC returned: a drill", 0)
    assert story.sentence(found).endswith("What arrived: 0.000900 USDC returned: a drill.")
    assert broken() == []
    assert trigger.trigger(invoice_of(one).subscription_id).scheduled == [found.source_id]


def test_what_was_ended_before_comes_late_or_goes_back(world, scripted):
    late, back = differing(world, 900), differing(world, 800, movement_id="another")
    for one in (late, back):
        settle.end_payment(one, **WHY)
        with pytest.raises(Refusal) as fault:
            cases.close_case(case_of(one).pk, resolution="done", **WHY)
        assert fault.value.code == "money_in_suspense"
    suspense.apply_money(case_of(late).pk, **WHY)
    suspense.return_money(case_of(back).pk, **WHY)
    assert (row(late).state, row(late).settled_minor, row(back).state) == ("succeeded_late", 900, "canceled")
    assert legs("suspense.applied") == [(1, "suspense", "unapplied", 900)]
    assert invoice_of(late).collected_minor == 0
    assert again.in_question([row(late).source_id]) == {}, "it is the customer's: that was decided"
    assert trigger.trigger(invoice_of(late).subscription_id).scheduled == [row(late).source_id]
    run(scripted)
    assert (invoice_of(late).state, broken()) == ("paid", [])


@pytest.mark.parametrize(("verb", "state"), [("apply_money", "succeeded_late"), ("return_money", "failed")])
def test_an_ended_payment_that_is_parked_loses_its_park(payments, verb, state):
    one = payments["declined"]
    say(one, paid(**(WHOLE | NETWORK | {"gross_minor": 700, "movement_id": "odd"})))
    assert (row(one).state, row(one).parked_at is None) == ("failed", False)
    getattr(suspense, verb)(case_of(one).pk, **WHY)
    assert (row(one).state, row(one).parked_at, in_suspense(one)) == (state, None, 900)  # the other one's
    assert broken() == ["suspense_old"]
    suspense.return_money(case_of(payments["differs"]).pk, **WHY)
    assert broken() == []


def test_what_came_beside_a_success_is_the_customers(world, scripted):
    one = differing(world, 900)
    say(one, paid(**WHOLE, movement_id="right"))
    assert (row(one).state, row(one).settled_minor) == ("succeeded", 1000)
    suspense.apply_money(case_of(one).pk, **WHY)
    assert (row(one).state, row(one).settled_minor) == ("succeeded", 1000)
    assert legs("suspense.applied") == [(1, "suspense", "unapplied", 900)]
    assert broken() == []


def test_a_scheduled_payment_is_not_sent_for_what_arrived(world, scripted):
    subscription = subscribe(world)
    world.bill()
    one = open_payment(subscription)
    mark()
    say(one, NOT_LEFT)
    say(one, paid(**(WHOLE | {"gross_minor": 900})))
    assert row(one).state == "scheduled"
    suspense.apply_money(case_of(one).pk, **WHY)
    assert (row(one).state, row(one).settled_minor, row(one).next_action_at) == ("succeeded_late", 900, None)
    assert (invoice_of(one).collecting_minor, in_suspense(one), broken()) == (0, 0, [])


def test_what_its_source_refused_is_told_again(world, scripted):
    one = refused_by_its_invoice(world)
    assert case_of(one).kind == "source_refused"
    with pytest.raises(Refusal) as fault:
        cases.close_case(case_of(one).pk, resolution="done", **WHY)
    assert fault.value.code == "source_untold"
    suspense.apply_money(case_of(one).pk, **WHY)
    found, invoice = row(one), invoice_of(one)
    assert (found.state, found.settled_minor, found.parked_at) == ("succeeded", 1000, None)
    assert (invoice.state, invoice.collected_minor, invoice.collecting_minor) == ("paid", 1000, 0)
    assert legs("suspense.applied") == [(0, "suspense", "receivable", 1000), (2, "billed", "fee_income", 25)]
    assert broken() == []


def test_what_its_source_refused_is_given_back(world, scripted):
    one = refused_by_its_invoice(world)
    suspense.return_money(case_of(one).pk, **WHY)
    found, invoice = row(one), invoice_of(one)
    assert (found.state, found.settled_minor, found.parked_at) == ("reversed", 0, None)
    assert (invoice.state, invoice.collected_minor, invoice.collecting_minor) == ("open", 0, 0)
    assert story.sentence(found).endswith(": a drill. What it was for had refused it.")
    assert (in_suspense(one), broken()) == (0, [])
    assert trigger.trigger(invoice.subscription_id).scheduled == [invoice.pk]
