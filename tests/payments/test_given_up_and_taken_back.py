"""Another amount came under an attempt that had been given up, and its provider gives it back: it leaves the books."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from engine.core.actor import SYSTEM
from payments import left_twice, suspense
from payments.models import Attempt, Case, Evidence, Payment
from payments.pipeline import books, hinted, spans
from payments.pipeline.hinted import Told
from tests.payments.scripted import Scripted, declined
from tests.payments.steps import run
from tests.payments.test_paid_again import heard, moved, taken_back
from tests.payments.test_reversed import broken, held, verdicts

WHY = {"reason": "a drill", "by": SYSTEM}


@pytest.fixture
def given_up(world: Scripted, new_payment, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """Declined; then its old link was paid twice, by `a` and `b`."""
    world.sheet = replace(world.sheet, reversible=True, settlement="platform")
    one: UUID = new_payment()
    world.replies[one] = world.looks[one] = [declined("closed")]
    run(monkeypatch)
    world.looks[one] = [moved("a+b", 2000)]
    heard()
    assert (Attempt.objects.get().state, Payment.objects.get().state) == ("declined", "failed")
    assert held(one)["suspense"] == -2000
    return one


def gone(world: Scripted, one: UUID, name: str) -> None:
    """A callback tells that it was given back; the look that follows the one that finds it is the last."""
    world.looks[one] = [taken_back(name)]
    heard()
    assert broken() == set()
    if Attempt.objects.get().look_at is not None:
        heard()
    assert Attempt.objects.get().look_at is None, "it is looked up no more"
    assert broken() == set()


@pytest.mark.parametrize("name", ["a+b", "a"])
def test_it_leaves_suspense(given_up: UUID, world: Scripted, told, name: str) -> None:
    gone(world, given_up, name)
    assert "suspense" not in held(given_up)
    assert (Attempt.objects.get().state, Payment.objects.get().state) == ("declined", "failed")
    assert [each.state for each in told] == ["failed"], "nobody was told that it was paid"
    assert set(Case.objects.values_list("kind", flat=True)) == {"amount_differs", "reversed"}
    differs = Case.objects.get(kind="amount_differs")
    for verb in (suspense.apply_money, suspense.return_money):
        with pytest.raises(suspense.Refusal) as refused:
            verb(differs.pk, **WHY)
        assert refused.value.code == "nothing_in_suspense"


def test_what_became_the_customers_is_theirs_no_more(given_up: UUID, world: Scripted) -> None:
    suspense.apply_money(Case.objects.get().pk, **WHY)
    assert held(given_up)["unapplied"] == -2000
    gone(world, given_up, "a+b")
    assert not {"suspense", "unapplied"} & held(given_up).keys()


def test_what_a_person_returned_is_asked_about(given_up: UUID, world: Scripted) -> None:
    suspense.return_money(Case.objects.get().pk, **WHY)
    gone(world, given_up, "a+b")
    left_twice.twice(Case.objects.get(kind="given_and_taken").pk, **WHY)
    assert verdicts(given_up).count("given_and_taken") == 1
    assert broken() == set()


def test_what_can_not_be_booked_is_said_twice_and_not_for_ever(
    given_up: UUID, world: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(books, "taken_back", fail)
    before = Evidence.objects.count()
    gone(world, given_up, "a+b")
    assert [each.startswith("failed: ") for each in verdicts(given_up)[before:]] == [True, True]
    assert held(given_up)["suspense"] == -2000


def test_an_end_that_was_told_of_another_movement_is_looked_for_as_often(
    given_up: UUID, world: Scripted
) -> None:
    """What was told before stands: the look says nothing of it, and uses none of its turns up."""
    hinted.make_due([Told(Attempt.objects.get().pk, "succeeded")])
    world.looks[given_up] = [taken_back("a+b")]
    heard()
    assert Attempt.objects.get().told_looks == spans.TOLD_LOOKS
