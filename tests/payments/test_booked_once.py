"""One movement, told twice: whatever was booked first stands, and it is never booked again (I5)."""

from __future__ import annotations

import time
from uuid import UUID

import pytest

from engine.core.actor import Actor, Role
from engine.ledger.models import Account, Transfer
from engine.providers.base import FailureClass, Finding, Outcome
from ops import books
from payments import operate
from payments.models import Attempt, Case, Evidence
from payments.pipeline import evidence
from payments.pipeline.evidence import Said
from tests.payments.scripted import declined, paid
from tests.payments.steps import apply_all, look, mark, run

NOT_LEFT = Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "not_reached")
CHECKS = {"movements", "settlements", "settlement_legs", "clearing", "network_fees", "balances"}


def moved(gross: int = 1000, movement: str = "sig-1", network: int = 5000) -> Finding:
    return paid(
        gross_minor=gross, currency="USDC", fee_minor=50, movement_id=movement, network_fee_minor=network,
        network_currency="SOL",
    )  # fmt: skip


def say(attempt: Attempt, finding: Finding) -> str:
    """A look said so, and it is applied; the verdict."""
    evidence.store([Said(attempt.pk, attempt.payment_id, 1, "lookup", finding)])
    apply_all()
    return Evidence.objects.latest("pk").verdict


def two_attempts(one: UUID, world, monkeypatch) -> tuple[Attempt, Attempt]:
    """The first seemed not to have left; the second is on its way."""
    world.replies[one] = [NOT_LEFT]
    run(monkeypatch)
    world.replies[one] = []
    time.sleep(0.05)
    assert len(mark()) == 1
    first, second = Attempt.objects.filter(payment_id=one).order_by("seq")
    return first, second


def booked() -> dict[str, int]:
    """What was booked, by kind: the legs of what arrived, and the network's fees."""
    found: dict[str, int] = {}
    for each in Transfer.objects.exclude(kind__startswith="payment.", seq__gte=2):
        found[each.kind] = found.get(each.kind, 0) + each.amount_minor
    return found


def broken() -> set[str]:
    return {result.name for result in books.examine().broken} & CHECKS


def test_what_came_late_and_is_adopted_afterwards_is_booked_once(
    world, new_payment, payment, told, monkeypatch
):
    """A look at attempt 1 hung until attempt 2 was on its way; attempt 2 then finds the same movement."""
    one = new_payment()
    first, second = two_attempts(one, world, monkeypatch)
    assert say(first, moved()) == "late, paid elsewhere"
    assert say(second, moved(network=5000 + 700)) == "late, booked before"
    found = payment(one)
    assert (found.state, found.settled_minor, found.parked_at) == ("succeeded_late", 1000, None)
    assert booked() == {"payment.succeeded_late": 1000, "attempt.network_fee": 5700}
    assert [each.state for each in told] == ["canceled", "succeeded_late"]
    assert set(Attempt.objects.values_list("state", flat=True)) == {"succeeded"}
    assert broken() == set()


def test_what_was_adopted_and_comes_late_in_another_amount_is_booked_once(
    world, new_payment, payment, monkeypatch
):
    one = new_payment()
    first, second = two_attempts(one, world, monkeypatch)
    assert say(second, moved()) == "succeeded"
    assert say(first, moved(900)) == "late, paid elsewhere, booked before"
    assert booked() == {"payment.succeeded": 1000, "attempt.network_fee": 5000}
    assert (payment(one).state, Case.objects.get().kind) == ("succeeded", "amount_differs")
    assert broken() == set()


@pytest.mark.parametrize("name", ["sig-1", ""], ids=["named", "nameless"])
def test_another_amount_that_is_then_said_to_be_right_stays_with_a_person(
    world, new_payment, payment, told, monkeypatch, name
):
    one = new_payment()
    world.looks[one] = [moved(900, name)]
    run(monkeypatch)
    assert say(Attempt.objects.get(), moved(1000, name)) == "amount differs, booked before"
    found = payment(one)
    assert (found.state, found.next_action_at, told) == ("in_flight", None, [])
    assert found.parked_at is not None
    assert Attempt.objects.get().state == "unknown"
    assert booked() == {"payment.mismatch": 900, "attempt.network_fee": 5000}
    assert broken() == set()


def test_the_same_under_a_closed_attempt(world, new_payment, payment, told, monkeypatch):
    one = new_payment()
    world.looks[one] = [declined()]
    run(monkeypatch)
    attempt = Attempt.objects.get()
    assert say(attempt, moved(900)) == "amount differs"
    Case.objects.update(closed_at=payment(one).created_at)
    assert say(attempt, moved(1000)) == "amount differs, booked before"
    assert (payment(one).state, Attempt.objects.get().state) == ("failed", "declined")
    assert booked() == {"payment.mismatch": 900, "attempt.network_fee": 5000}
    assert Case.objects.get().closed_at is None  # told anew: what was decided on was not all
    assert broken() == set()


def test_another_movement_of_the_right_amount_is_booked_beside_it(world, new_payment, payment, monkeypatch):
    one = new_payment()
    world.looks[one] = [moved(900, "a")]
    run(monkeypatch)
    assert say(Attempt.objects.get(), moved(1000, "b")) == "succeeded"
    assert payment(one).state == "succeeded"
    assert booked()["payment.mismatch"] + booked()["payment.succeeded"] == 1900


@pytest.mark.parametrize("gross", [None, 0, -5])
def test_paid_without_an_amount_is_unknown_and_is_looked_up_on(
    world, new_payment, payment, told, monkeypatch, gross
):
    one = new_payment()
    world.looks[one] = [paid(gross_minor=gross, currency="")]
    run(monkeypatch)
    found = payment(one)
    assert (found.state, Attempt.objects.get().state) == ("in_flight", "unknown")
    assert (found.parked_reason, Case.objects.count()) == ("it is said to be paid, and not how much moved", 0)
    operate.unpark(one, reason="a drill", by=Actor("ada", "user", Role.OPERATOR))
    world.looks[one] = [moved()]
    look()
    assert (payment(one).state, booked()["payment.succeeded"], broken()) == ("succeeded", 1000, set())


def test_paid_without_an_amount_after_the_end_is_a_case(world, new_payment, payment, monkeypatch):
    one = new_payment()
    world.looks[one] = [declined()]
    run(monkeypatch)
    assert say(Attempt.objects.get(), paid()) == "seen after the end"
    assert (payment(one).state, Case.objects.get().kind, booked()) == ("failed", "seen_after_end", {})


@pytest.mark.parametrize(("gross", "state", "kind"), [
    (1000, "succeeded", "payment.succeeded"), (900, "in_flight", "payment.mismatch")
])  # fmt: skip
def test_money_of_no_named_currency_is_of_the_one_that_was_asked(
    world, new_payment, payment, monkeypatch, gross, state, kind
):
    one = new_payment()
    world.looks[one] = [paid(gross_minor=gross, currency="", fee_minor=50)]
    run(monkeypatch)
    assert (payment(one).state, booked()) == (state, {kind: gross})
    assert not Account.objects.filter(currency="").exists()
    assert broken() == set()


def test_the_books_know_that_no_more_was_booked_than_arrived(world, new_payment, monkeypatch):
    world.looks[new_payment()] = [paid(gross_minor=30, currency="USDC", fee_minor=None)]
    run(monkeypatch)
    assert booked() == {"payment.mismatch": 30}
    assert broken() == set()


@pytest.mark.parametrize("names", [("sig-1", ""), ("", "sig-1")], ids=["first", "afterwards"])
def test_a_movement_that_is_named_only_once_is_one_movement(world, new_payment, payment, monkeypatch, names):
    world.looks[new_payment()] = [moved(900, names[0])]
    run(monkeypatch)
    assert say(Attempt.objects.get(), moved(900, names[1])) == "amount differs, booked before"
    assert booked() == {"payment.mismatch": 900, "attempt.network_fee": 5000}
    assert broken() == set()


def test_the_fee_of_a_refusal_that_is_told_after_the_end_is_booked_once(world, new_payment, monkeypatch):
    """It did not leave, as it seemed, and failed on chain: that moved nothing, and cost us the fee."""
    world.replies[new_payment()] = [NOT_LEFT]
    run(monkeypatch)
    for _ in range(2):
        failed = declined(network_fee_minor=5000, network_currency="SOL")
        assert say(Attempt.objects.get(), failed) == "declined after the end"
        assert (Attempt.objects.get().state, booked()) == ("not_sent", {"attempt.network_fee": 5000})
    assert broken() == set()
