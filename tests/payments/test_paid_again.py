"""What is paid once more under a paid identity: it moved, so it is in the books, and a person decides (I5)."""

from __future__ import annotations

import time
from dataclasses import replace
from uuid import UUID

import pytest

from engine.core.actor import SYSTEM
from engine.ledger.models import Transfer
from engine.providers import registry
from engine.providers.base import FailureClass, Finding, Outcome
from payments import suspense
from payments.models import Attempt, Case, Evidence, Payment
from payments.pipeline import evidence, hinted, look_again
from payments.pipeline.evidence import Said
from payments.pipeline.hinted import Told
from payments.pipeline.lanes import Worked
from tests.payments.scripted import Scripted, paid
from tests.payments.steps import LANE, apply_all, run
from tests.payments.test_reversed import broken, held


def moved(name: str, gross: int = 1000, network: int = 30) -> Finding:
    return paid(gross_minor=gross, currency="USDC", fee_minor=50, movement_id=name, network_fee_minor=network,
                network_currency="SOL")  # fmt: skip


@pytest.fixture(params=["direct", "platform"])
def twice(
    request: pytest.FixtureRequest, world: Scripted, new_payment, monkeypatch: pytest.MonkeyPatch
) -> UUID:
    """Paid by movement `a`, and by `b` when its payer went back on the page."""
    world.sheet = replace(world.sheet, reversible=True, settlement=request.param)
    one: UUID = new_payment()
    world.looks[one] = [moved("a")]
    run(monkeypatch)
    assert Payment.objects.get().state == "succeeded"
    world.looks[one] = [moved("b", 700, 20)]
    return one


def heard() -> None:
    """A callback tells of it, and it is looked up."""
    assert hinted.make_due([Told(Attempt.objects.get().pk)]) == 1
    look_again.work(registry.get("scripted"), LANE, Worked(), until=time.monotonic() + 60)
    apply_all()


def fees() -> int:
    return sum(Transfer.objects.filter(kind="attempt.network_fee").values_list("amount_minor", flat=True))


def test_it_lies_in_suspense_and_is_a_case(twice: UUID) -> None:
    heard()
    payment = Payment.objects.get()
    assert (payment.state, payment.settled_minor, held(twice)["suspense"]) == ("succeeded", 1000, -700)
    assert Case.objects.get().kind == "amount_differs"
    assert "700 USDC arrived once more, as b" in payment.parked_reason
    settled = payment.settlement
    assert fees() == (50 if settled == "platform" else 30), "a gateway's is of each, a chain's of both"
    assert broken() == set()


def test_told_again_it_is_booked_once(twice: UUID, world: Scripted) -> None:
    heard()
    count = Evidence.objects.count()
    heard()
    world.looks[twice] = [moved("a")]
    heard()
    assert Evidence.objects.count() == count, "no news"
    assert held(twice)["suspense"] == -700


@pytest.mark.parametrize("verb", [suspense.apply_money, suspense.return_money])
def test_a_person_says_whose_it_is(twice: UUID, verb) -> None:
    heard()
    verb(Case.objects.get().pk, reason="a drill", by=SYSTEM)
    payment = Payment.objects.get()
    assert (payment.state, payment.settled_minor, payment.parked_at) == ("succeeded", 1000, None)
    applied = verb is suspense.apply_money
    assert held(twice).get("unapplied", 0) == (-700 if applied else 0)
    assert "suspense" not in held(twice)
    assert broken() == set()


def taken_back(name: str) -> Finding:
    return Finding(Outcome.REVERSED, FailureClass.NONE, "taken_back", "They gave it back.", movement_id=name)


@pytest.mark.parametrize("applied", [True, False])
def test_what_is_taken_back_of_several_leaves_the_books_alone(
    twice: UUID, world: Scripted, payment, applied
) -> None:
    """And the others are looked at once more: that look said nothing of them."""
    heard()
    case = Case.objects.get()
    if applied:
        suspense.apply_money(case.pk, reason="a drill", by=SYSTEM)
    for name, state in (("b", "succeeded"), ("a", "reversed")):
        world.looks[twice] = [taken_back(name)]
        heard()
        assert Attempt.objects.get().look_at is not None
        assert payment(twice).state == state
        assert not {"suspense", "unapplied"} & held(twice).keys()
        assert broken() == set()
    assert held(twice) == {}
    if not applied:
        with pytest.raises(suspense.Refusal) as refused:
            suspense.return_money(case.pk, reason="a drill", by=SYSTEM)
        assert refused.value.code == "nothing_in_suspense"
    heard()
    assert Attempt.objects.get().look_at is None, "and no more, once all is known"


@pytest.mark.parametrize(("first", "then"), [("", "b"), ("a", "")])
def test_where_one_names_no_movement_both_are_one(
    world: Scripted, new_payment, monkeypatch, first: str, then: str
) -> None:
    world.sheet = replace(world.sheet, reversible=True)
    one = new_payment()
    world.looks[one] = [moved(first)]
    run(monkeypatch)
    world.looks[one] = [moved(then)]
    heard()
    assert "suspense" not in held(one) and not Case.objects.exists()


def test_a_reply_that_says_so_is_a_case_that_is_looked_into(twice: UUID) -> None:
    evidence.store([Said(Attempt.objects.get().pk, twice, 1, "reply", moved("b", 700))])
    apply_all()
    assert Case.objects.get().kind == "reply_after_end" and "suspense" not in held(twice)
    assert broken() == set()
