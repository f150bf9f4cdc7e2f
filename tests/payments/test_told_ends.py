"""An end that was told and that a look does not show yet: some more looks, further apart, and no more."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

import pytest
from django.conf import settings

from engine.core import clock
from engine.providers import registry
from engine.providers.base import Asked, FailureClass, Finding, Outcome
from payments.models import Attempt, Payment, Refund
from payments.pipeline import hinted, look_again
from payments.pipeline.hinted import Told
from payments.pipeline.lanes import Lane, Worked
from tests.payments.refunding import REFUND, ask, carrier, giving_back
from tests.payments.scripted import Scripted, declined, paid
from tests.payments.steps import LANE, look, mark, run
from tests.payments.steps import apply_all as apply_what_was_said

WHOLE = {"gross_minor": 1000, "currency": "USDC", "fee_minor": 50}
TAKEN_BACK = Finding(Outcome.REVERSED, FailureClass.NONE, "account_closed", "The bank sent it back.")


@pytest.fixture
def reversible(world: Scripted) -> Scripted:
    return giving_back(world)


@pytest.fixture
def settled(reversible: Scripted, new_payment, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """Paid, and shown as that for now."""
    one: UUID = new_payment()
    reversible.looks[one] = [paid(**WHOLE)]
    run(monkeypatch)
    assert Payment.objects.get().state == "succeeded"
    return one


@pytest.fixture(autouse=True)
def by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gaps between looks as they are if nobody sets them: none is over before a test is."""
    monkeypatch.setattr(settings.ENV, "verify_first_seconds", 2)
    monkeypatch.setattr(settings.ENV, "verify_max_seconds", 900)


def told(end: str, ref: str = "") -> Attempt:
    """A callback tells of the newest attempt, which is looked up."""
    assert hinted.make_due([Told(Attempt.objects.latest("pk").pk, end, ref)]) == 1
    return again()


def again(lane: Lane = LANE) -> Attempt:
    """The next look, as if its time had come."""
    Attempt.objects.exclude(look_at=None).update(look_at=clock.machine_now())
    look_again.work(registry.get("scripted"), lane, Worked(), until=time.monotonic() + 60)
    apply_what_was_said()
    return Attempt.objects.latest("pk")


def gap(one: Attempt) -> float:
    assert one.look_at is not None
    return (one.look_at - clock.machine_now()).total_seconds()


def test_what_was_told_to_be_taken_back_is_looked_up_until_it_shows(
    settled: UUID, reversible: Scripted
) -> None:
    assert told("reversed").look_at is not None
    assert again().look_at is not None
    reversible.looks[settled] = [TAKEN_BACK]
    one = again()
    assert (one.look_at, one.told_end, one.told_at) == (None, "", None)
    assert Payment.objects.get().state == "reversed"


def test_some_looks_further_apart_and_then_no_more(settled: UUID) -> None:
    gaps = [gap(told("reversed")), gap(again()), gap(again())]
    assert [most / 2 < each <= most for each, most in zip(gaps, (30, 300, 3600), strict=True)] == [True] * 3
    last = again()
    assert (last.look_at, last.told_looks, last.told_end) == (None, 0, "")
    assert Payment.objects.get().state == "succeeded"


def test_a_word_that_says_nothing_new_takes_none_of_them_away(settled: UUID) -> None:
    told("reversed")
    again()
    assert told("").told_end == "reversed"


def test_what_was_given_up_and_is_told_to_be_paid_is_looked_up_until_it_is(
    reversible: Scripted, new_payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = new_payment()
    reversible.replies[one] = reversible.looks[one] = [declined("closed")]
    run(monkeypatch)
    assert told("succeeded").look_at is not None
    reversible.looks[one] = [paid(**WHOLE)]
    assert again().look_at is None
    assert Payment.objects.get().state == "succeeded_late"


def test_another_payment_is_looked_for_by_its_name_until_it_is_seen(
    settled: UUID, reversible: Scripted
) -> None:
    named: list[str] = []
    real = reversible.lookup

    def lookup(asked: list[Asked]) -> dict[UUID, Finding]:
        named.extend(one.told_ref for one in asked)
        return real(asked)

    reversible.lookup = lookup  # type: ignore[method-assign, assignment]
    assert told("succeeded", "b").told_ref == "b"
    reversible.looks[settled] = [paid(**WHOLE | {"movement_id": "b"})]
    one = again()
    assert (one.look_at, one.told_ref, named) == (None, "", ["b", "b"])


def test_a_refund_that_failed_before_anybody_saw_it_done_is_looked_up_after_a_stale_look(
    settled: UUID, reversible: Scripted, payment
) -> None:
    """The callback finds it open, and the look that it brings forward says done: that closes it."""
    refund = ask(settled)
    mark(REFUND)
    way = carrier(refund).pk
    reversible.looks[way] = [paid(gross_minor=1000, currency="USDC", movement_id="r")]
    assert hinted.make_due([Told(Attempt.objects.get(payment_id=way).pk, "reversed")]) == 1
    look(REFUND)
    assert (payment(way).state, Refund.objects.get().state) == ("succeeded", "succeeded")
    assert again(REFUND).look_at is not None
    reversible.looks[way] = [TAKEN_BACK]
    assert again(REFUND).look_at is None
    assert (payment(way).state, Refund.objects.get().state) == ("reversed", "failed")


def test_a_charge_that_was_taken_back_before_anybody_saw_it_paid_is_looked_up_after_a_stale_look(
    reversible: Scripted, new_payment
) -> None:
    one = new_payment()
    mark()
    reversible.looks[one] = [paid(**WHOLE)]
    assert hinted.make_due([Told(Attempt.objects.get().pk, "reversed")]) == 1
    look()
    assert Payment.objects.get().state == "succeeded"
    assert again().look_at is not None
    reversible.looks[one] = [TAKEN_BACK]
    assert again().look_at is None
    assert Payment.objects.get().state == "reversed"


def test_who_is_left_out_again_and_again_is_asked_less_often(settled: UUID, reversible: Scripted) -> None:
    reversible.left_out = {settled}
    assert gap(told("")) <= 30
    Attempt.objects.update(told_at=clock.machine_now() - timedelta(minutes=10))
    assert 150 < gap(again()) <= 310
