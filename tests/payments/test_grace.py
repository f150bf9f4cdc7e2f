"""The payer's grace window: it counts from the first look that finds them short, and once. The clock stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.conf import settings

from engine.core import clock
from engine.core.ids import uuid7
from engine.core.models import Clock
from engine.providers.base import FailureClass, Finding, Hold, HoldKind, Outcome
from payments.models import Payment
from payments.pipeline import hold
from tests.payments.scripted import Scripted, declined
from tests.payments.steps import run

START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
WINDOW, OUTAGE = timedelta(hours=1), timedelta(hours=5)
REFUSED = Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "rate_limited", "429")


def short(one: UUID) -> Hold:
    return Hold(one, HoldKind.FUNDS, "insufficient_funds", "10 of 1000 USDC are there")


class Waiting:
    """One payment whose payer is short, on a clock that stands where the test puts it."""

    def __init__(self, world: Scripted, patch: pytest.MonkeyPatch, make: Callable[..., UUID]) -> None:
        self.world, self._patch, self._make = world, patch, make
        self.clock_id = Clock.objects.create(kind=Clock.Kind.TEST, stands_at=START).pk
        self.queue = uuid7()
        self.id = self.payment(due_at=START)
        world.holds[self.id] = short(self.id)
        world.looks[self.id] = [declined("insufficient_funds")]

    def payment(self, due_at: datetime) -> UUID:
        return self._make(
            clock_id=self.clock_id, queue_key=self.queue, due_at=due_at, grace_until=due_at + WINDOW
        )

    def look(self, *, at: datetime) -> Payment:
        """What becomes of it when it is looked at then."""
        clock.advance(self.clock_id, to=at)
        Payment.objects.filter(state="scheduled").update(next_action_at=clock.machine_now())
        run(self._patch)
        return Payment.objects.get(pk=self.id)

    def is_given_its_window(self, *, since: datetime) -> None:
        """Waited for through the whole of it, then tried once, and that one fails."""
        for at in (since, since + WINDOW - timedelta(seconds=1)):
            found = self.look(at=at)
            assert (found.state, found.waiting) == ("scheduled", "funds"), at
            assert (found.grace_start, found.grace_until) == (since, since + WINDOW)
        assert self.sends == 0
        assert self.look(at=since + WINDOW).state == "failed"
        assert self.sends == 1

    @property
    def sends(self) -> int:
        return [one.payment_id for one in self.world.sent].count(self.id)


@pytest.fixture
def waiting(world: Scripted, new_payment: Callable[..., UUID], monkeypatch: pytest.MonkeyPatch) -> Waiting:
    monkeypatch.setattr(settings.ENV, "grace_period", WINDOW.total_seconds())
    return Waiting(world, monkeypatch, new_payment)


def test_funds_are_awaited_inside_the_grace_and_then_tried_once(waiting: Waiting) -> None:
    waiting.is_given_its_window(since=START)


def test_whom_nobody_looked_at_for_longer_than_the_window_still_has_all_of_it(waiting: Waiting) -> None:
    """The kill switch, a provider that is paused, days without a worker, an invoice that is asked for late."""
    waiting.is_given_its_window(since=START + OUTAGE)


@pytest.mark.parametrize("kind", [HoldKind.PROVIDER, HoldKind.PAYEE])
def test_what_is_waited_for_somebody_else_is_none_of_the_window(waiting: Waiting, kind: HoldKind) -> None:
    del waiting.world.holds[waiting.id]
    waiting.world.late_holds[waiting.id] = Hold(waiting.id, kind, "away", "away")
    for at in (START, START + OUTAGE):
        assert waiting.look(at=at).waiting == kind.value
    waiting.world.late_holds.clear()
    waiting.world.holds[waiting.id] = short(waiting.id)
    waiting.is_given_its_window(since=START + OUTAGE)


def test_what_is_waited_behind_another_payment_is_none_of_the_window(waiting: Waiting) -> None:
    older = waiting.payment(due_at=START - timedelta(days=1))
    waiting.world.looks[older] = [Finding(Outcome.PENDING)]
    for at in (START, START + OUTAGE):
        assert waiting.look(at=at).waiting == "queue"
    Payment.objects.filter(pk=older).update(state="failed", ended_at=clock.machine_now(), next_action_at=None)
    waiting.is_given_its_window(since=START + OUTAGE)


def test_what_an_own_attempt_took_that_never_left_is_none_of_the_window(waiting: Waiting) -> None:
    del waiting.world.holds[waiting.id]
    waiting.world.replies[waiting.id] = [REFUSED, Finding(Outcome.PENDING)]
    assert waiting.look(at=START).waiting == "retry"
    waiting.world.sent.clear()
    waiting.world.holds[waiting.id] = short(waiting.id)
    waiting.is_given_its_window(since=START + OUTAGE)


def test_there_is_one_window_whoever_else_is_waited_for_in_it(waiting: Waiting) -> None:
    """Else who is short by turns with an outage, or with a payee who can't be paid, would be waited for for ever."""
    for minutes in (0, 20, 40, 59):
        assert waiting.look(at=START + timedelta(minutes=minutes)).waiting == "funds"
        hold.write([Hold(waiting.id, HoldKind.PROVIDER, "away", "away")], machine_at=clock.machine_now())
    assert waiting.look(at=START + WINDOW).state == "failed"
    assert waiting.sends == 1


def test_each_window_is_on_the_clock_of_its_payment(waiting: Waiting, new_payment, payment) -> None:
    real = new_payment()
    before = clock.machine_now()
    hold.write([short(waiting.id), short(real)], machine_at=before)
    assert payment(waiting.id).grace_until == START + WINDOW
    assert (payment(real).grace_start, payment(real).grace_until >= before + WINDOW) == (before, True)


def test_a_window_of_nothing_awaits_nobody(waiting: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.ENV, "grace_period", 0)
    assert waiting.look(at=START + WINDOW).state == "failed"
    assert waiting.sends == 1
