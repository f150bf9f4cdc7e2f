"""What a provider takes back after it had said that it was final: only by a look, booked as the mirror, and a case."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from engine.core import clock
from engine.core.actor import SYSTEM
from engine.ledger import balances
from engine.ledger.models import Transfer
from engine.outbox.models import Event
from engine.providers import registry
from engine.providers.base import FailureClass, Finding, Outcome, ProviderUnavailable
from ops import books
from payments import suspense
from payments.models import Attempt, Case, Evidence, Payment
from payments.pipeline import evidence, hinted, look_again, tick
from payments.pipeline.evidence import Said
from payments.pipeline.hinted import Told
from payments.pipeline.lanes import Worked
from tests.payments.scripted import TAKEN_BACK, Scripted, declined, paid
from tests.payments.steps import LANE, apply_all, mark, run

WHOLE = {"gross_minor": 1000, "currency": "USDC", "fee_minor": 50}
HARD = declined("closed")
OF_SOURCES = {"receivables", "invoice_counters", "suspense_old"}  # no invoice stands behind these payments


@pytest.fixture
def reversible(world: Scripted) -> Scripted:
    """The scripted provider, whose successes may be taken back."""
    world.sheet = replace(world.sheet, reversible=True)
    return world


def test_a_part_that_was_taken_back_is_told_to_a_person_once(reversible, new_payment, payment, monkeypatch):
    one = new_payment()
    reversible.looks[one] = [paid(**WHOLE)]
    run(monkeypatch)
    before = Transfer.objects.count()
    for minor, cases in ((300, 1), (300, 0), (400, 1)):
        part = Finding(Outcome.REDUCED, code="partly_reversed", message=f"{minor} of 1000 was clawed back.")
        reversible.looks[one] = [part]
        heard(one)
        opened = Case.objects.filter(closed_at=None)
        assert [f"{minor} of 1000" in each.sentence for each in opened] == [True] * cases
        opened.update(closed_at=clock.machine_now())
    assert (payment(one).state, attempt(one).state) == ("succeeded", "succeeded")
    assert Transfer.objects.count() == before, "how it is booked that person says"


def test_what_came_back_in_part_before_it_was_booked_is_parked(reversible, new_payment, payment, monkeypatch):
    """It did move: nobody may send it again, and nothing says yet what of it is ours."""
    one = new_payment()
    reversible.looks[one] = [Finding(Outcome.REDUCED, message="300 of 1000 was clawed back.", **WHOLE)]
    run(monkeypatch)
    assert (payment(one).state, payment(one).parked_reason) == ("in_flight", "300 of 1000 was clawed back.")
    assert Attempt.objects.get().state == "unknown"


def hint(payment_id: UUID) -> int:
    return hinted.make_due([Told(attempt(payment_id).pk)])


def heard(payment_id: UUID) -> Worked:
    """A callback tells of it, and it is looked up."""
    assert hint(payment_id) == 1
    worked = look_again.work(registry.get("scripted"), LANE, Worked(), until=time.monotonic() + 60)
    apply_all()
    return worked


def attempt(payment_id: UUID) -> Attempt:
    return Attempt.objects.filter(payment_id=payment_id).latest("seq")


def held(payment_id: UUID) -> dict[str, int]:
    accounts = Payment.objects.get(pk=payment_id).accounts
    amounts = balances.balances(accounts.values())
    return {role: amounts[account] for role, account in accounts.items() if amounts[account]}


def broken() -> set[str]:
    return {result.name for result in books.examine().broken} - OF_SOURCES


def verdicts(payment_id: UUID) -> list[str]:
    return list(
        Evidence.objects.filter(payment_id=payment_id).order_by("pk").values_list("verdict", flat=True)
    )


@pytest.mark.parametrize("settlement", ["direct", "platform"])
def test_a_success_that_is_taken_back_leaves_the_books_as_it_came(
    settlement, reversible, new_payment, payment, told, monkeypatch
):
    reversible.sheet = replace(reversible.sheet, settlement=settlement)
    one = new_payment()
    run(monkeypatch)
    reversible.looks[one] = [TAKEN_BACK]
    assert heard(one).done == 1
    row = payment(one)
    assert (row.state, row.settled_minor, row.failure_code) == ("reversed", 0, "account_closed")
    assert attempt(one).state == "succeeded", "it did succeed"
    assert held(one) == {}
    booked = Transfer.objects.filter(source_id=one)
    assert (
        booked.filter(kind="payment.reversed").count() == booked.filter(kind="payment.succeeded").count() == 3
    )
    assert [(each.state, each.settled_minor) for each in told] == [("succeeded", 1000), ("reversed", -1000)]
    assert Case.objects.get().kind == "reversed"
    event = Event.objects.get(type="payment.reversed")
    assert (event.payload["code"], event.seq) == ("account_closed", row.version)
    assert broken() == set()


def test_told_twice_it_is_taken_back_once(reversible, new_payment, payment, told, monkeypatch):
    one = new_payment()
    run(monkeypatch)
    reversible.looks[one] = [TAKEN_BACK]
    heard(one)
    heard(one)
    assert verdicts(one)[-2:] == ["reversed", "refused: nothing of it is booked"]
    assert [each.state for each in told] == ["succeeded", "reversed"]
    assert broken() == set()


@pytest.mark.parametrize("source", ["reply", "callback"])
def test_only_a_look_takes_it_back(source, reversible, new_payment, payment, monkeypatch):
    one = new_payment()
    run(monkeypatch)
    evidence.store([Said(attempt(one).pk, one, 1, source, TAKEN_BACK)])
    apply_all()
    assert (payment(one).state, verdicts(one)[-1]) == ("succeeded", "refused: a look alone takes it back")
    assert not Transfer.objects.filter(kind="payment.reversed").exists()


def test_a_decline_that_a_look_finds_after_a_success_takes_it_back(
    reversible, new_payment, payment, monkeypatch
):
    """A refund that failed is one word, before it was done and after."""
    one = new_payment()
    run(monkeypatch)
    reversible.looks[one] = [HARD]
    heard(one)
    assert payment(one).state == "reversed"
    assert broken() == set()


def test_where_a_success_is_final_nothing_is_looked_up(world, new_payment, payment, monkeypatch):
    one = new_payment()
    run(monkeypatch)
    assert hint(one) == 0
    evidence.store([Said(attempt(one).pk, one, 1, "lookup", HARD)])
    apply_all()
    assert payment(one).state == "succeeded"


def test_what_was_never_seen_as_paid_is_declined(reversible, new_payment, payment, told, monkeypatch):
    one = new_payment()
    reversible.looks[one] = [TAKEN_BACK]
    run(monkeypatch)
    assert (payment(one).state, attempt(one).state) == ("failed", "declined")
    assert not Transfer.objects.exists()
    assert not Case.objects.exists()
    assert [each.state for each in told] == ["failed"]
    assert broken() == set()


def test_late_money_that_is_taken_back_is_no_longer_the_customers(
    reversible, new_payment, payment, monkeypatch
):
    one = new_payment()
    reversible.replies[one] = reversible.looks[one] = [HARD]
    run(monkeypatch)
    reversible.looks[one] = [paid(**WHOLE)]
    heard(one)
    assert payment(one).state == "succeeded_late"
    reversible.looks[one] = [TAKEN_BACK]
    heard(one)
    assert payment(one).state == "succeeded_late"
    assert set(Case.objects.values_list("kind", flat=True)) == {"paid_after_close", "reversed"}
    assert held(one) == {}
    assert broken() == set()


def test_another_amount_that_is_taken_back_leaves_suspense(
    reversible, new_payment, payment, told, monkeypatch
):
    one = new_payment()
    reversible.looks[one] = [paid(**(WHOLE | {"gross_minor": 900}))]
    run(monkeypatch)
    assert held(one)["suspense"] == -900
    reversible.looks[one] = [TAKEN_BACK]
    heard(one)  # it is parked: no schedule looks it up any more
    assert (payment(one).state, payment(one).parked_at) == ("failed", None)
    assert held(one) == {}
    assert [each.state for each in told] == ["failed"]
    assert broken() == set()


def test_what_its_source_had_refused_and_is_taken_back_waits_for_a_person(
    reversible, new_payment, payment, told, monkeypatch
):
    def refuse(changes: object) -> None:
        raise KeyError("a bug")

    one = new_payment()
    with monkeypatch.context() as deaf:
        deaf.setattr("tests.payments.conftest.listener", refuse)
        run(monkeypatch)
    reversible.looks[one] = [TAKEN_BACK]
    heard(one)
    assert (payment(one).state, payment(one).settled_minor, payment(one).parked_at is None) == (
        "succeeded", 0, False,
    )  # fmt: skip
    assert held(one) == {}
    assert told == []
    case = Case.objects.get(kind="source_refused")
    with pytest.raises(suspense.Refusal, match="took its money back"):
        suspense.apply_money(case.pk, reason="a drill", by=SYSTEM)
    suspense.return_money(case.pk, reason="a drill", by=SYSTEM)
    assert payment(one).state == "reversed"
    assert [(each.state, each.settled_minor) for each in told] == [("canceled", 0)]
    assert broken() == set()


def test_a_hint_of_what_had_been_given_up_finds_that_it_was_paid(
    reversible, new_payment, payment, monkeypatch
):
    one = new_payment()
    reversible.replies[one] = reversible.looks[one] = [HARD]
    run(monkeypatch)
    heard(one)
    assert payment(one).state == "failed", "a look without news changes nothing"
    reversible.looks[one] = [paid(**WHOLE)]
    heard(one)
    assert payment(one).state == "succeeded_late"
    assert attempt(one).look_at is None


def test_a_hint_brings_the_next_look_at_an_open_one_forward(reversible, new_payment, payment):
    one = new_payment()
    mark()
    later = clock.machine_now() + timedelta(hours=1)
    Payment.objects.filter(pk=one).update(next_action_at=later)
    assert hint(one) == 1
    assert payment(one).next_action_at < later
    assert attempt(one).look_at is None


def test_a_hint_of_what_is_parked_unparks_nothing_and_is_looked_up(reversible, new_payment, payment):
    one = new_payment()
    mark()
    Payment.objects.filter(pk=one).update(
        next_action_at=None, parked_at=clock.machine_now(), parked_reason="old"
    )
    reversible.looks[one] = [Finding(Outcome.PENDING)]
    heard(one)
    assert payment(one).parked_at is not None
    assert attempt(one).state == "sent"
    reversible.looks[one] = [paid(**WHOLE)]
    heard(one)
    assert payment(one).state == "succeeded"


@pytest.mark.parametrize("silent", ["unavailable", "unknown"])
def test_a_provider_that_can_not_say_it_is_asked_again_later(
    silent, reversible, new_payment, payment, monkeypatch
):
    one = new_payment()
    run(monkeypatch)
    if silent == "unavailable":
        reversible.down = ProviderUnavailable("down", "nobody answers")
    reversible.looks[one] = [Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "timeout")]
    worked = heard(one)
    assert (worked.done, worked.unanswered) == ((0, 1) if silent == "unavailable" else (1, 0))
    assert attempt(one).look_at is not None
    reversible.down, reversible.looks[one] = None, [TAKEN_BACK]
    heard(one)
    assert payment(one).state == "reversed"


def test_who_is_left_out_of_an_answer_is_asked_again_later(reversible, new_payment, payment, monkeypatch):
    """No room in the limit, or no answer to one alone: no schedule would look it up again."""
    left, answered = new_payment(), new_payment()
    run(monkeypatch)
    reversible.looks[left] = reversible.looks[answered] = [TAKEN_BACK]
    reversible.left_out = {left}
    hint(left)
    heard(answered)
    assert (payment(answered).state, attempt(answered).look_at) == ("reversed", None)
    assert payment(left).state == "succeeded"
    assert attempt(left).look_at is not None
    reversible.left_out = set()
    heard(left)
    assert (payment(left).state, attempt(left).look_at) == ("reversed", None)


def test_who_can_not_be_asked_at_all_is_not_asked_again(reversible, new_payment, monkeypatch):
    one = new_payment()
    run(monkeypatch)
    reversible.sheet = replace(reversible.sheet, lookup_by_identity=False)
    heard(one)
    assert attempt(one).look_at is None


def test_a_hint_that_comes_during_a_look_stands(reversible, new_payment, payment, monkeypatch):
    one = new_payment()
    run(monkeypatch)
    hint(one)
    taken = look_again.take_closed(LANE, most=10)
    hint(one)
    reversible.looks[one] = [paid(**WHOLE)]
    look_again._look(reversible, LANE, taken)
    assert attempt(one).look_at is not None
    reversible.looks[one] = [TAKEN_BACK]
    look_again.work(reversible, LANE, Worked(), until=time.monotonic() + 60)
    apply_all()
    assert payment(one).state == "reversed"


def test_the_tick_finds_a_hint(reversible, new_payment, monkeypatch):
    one = new_payment()
    run(monkeypatch)
    asked = {wake.task for wake in tick.wanted()}
    assert "payments.verify" not in asked
    hint(one)
    assert "payments.verify" in {wake.task for wake in tick.wanted()}
