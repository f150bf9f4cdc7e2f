"""What began before a cancel and was not billed yet: a debt that nobody pulls, or told until somebody decides (I2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.db.models import F

from billing import cycle, missed, plans, resume, stop
from billing.models import Subscription
from engine.outbox.models import Event
from ops import books, waits
from payments.models import Payment
from tests.billing.test_holds import paid
from tests.billing.test_verbs import refused
from tests.billing.world import World, invoices

TEN_LATER, LONG_AFTER = datetime(2026, 12, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
claimed = pytest.mark.parametrize("claimed", [True, False], ids=["a claim held it first", "no claim ran"])


def first_open(world: World) -> Subscription:
    made = world.subscription()
    cycle.finalize()
    return made


def ten_missed(world: World, *, claimed: bool) -> Subscription:
    """The first period is asked for, then workers were away for ten; a claim has held it since, or none has run."""
    made = first_open(world)
    world.at(TEN_LATER)
    if claimed:
        assert world.bill()[0].held == 1
    return made


def held(made: Subscription) -> str:
    """The code of its hold; all that tells of it agrees."""
    made.refresh_from_db()
    told = [code for code, each in waits.subscriptions(most=5).items() if each.number]
    assert told == ([made.held_code] if made.held_code else [])
    assert made.state == "canceled" and made.next_due_at is None
    return made.held_code


def not_billed(made: Subscription) -> object:
    return Event.objects.get(object_id=made.pk, type="subscription.canceled").payload["not_billed"]


def owed(made: Subscription) -> list[int]:
    """Finalize; the periods that are open debts. None is asked for, and the books are right."""
    cycle.finalize()
    assert not Payment.objects.filter(state="scheduled").exists()
    assert [each.name for each in books.examine().broken] == []
    return [each.period_no for each in invoices(made) if each.state == "open"]


@claimed
def test_a_cancel_bills_all_that_began_before_it(world: World, claimed: bool) -> None:
    made = ten_missed(world, claimed=claimed)
    stop.cancel(made.pk)
    assert (held(made), made.period_no, not_billed(made)) == ("", 11, 0)
    assert owed(made) == list(range(11))
    world.at(LONG_AFTER)
    world.bill()
    assert len(invoices(made)) == 11


def test_more_than_one_act_bills_is_billed_by_the_next(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missed, "MOST", 4)
    made = ten_missed(world, claimed=False)
    stop.cancel(made.pk)
    assert (held(made), not_billed(made)) == ("catch_up", 6)
    assert Event.objects.filter(object_id=made.pk, type="subscription.held").count() == 1
    world.at(LONG_AFTER)  # what would have begun after the cancel is never billed
    resume.release_held(made.pk)
    assert held(made) == "catch_up" and "2 missed periods" in made.held_reason
    resume.release_held(made.pk)
    assert held(made) == ""
    assert owed(made) == list(range(11))


def taken(made: Subscription) -> None:
    Subscription.objects.filter(pk=made.pk).update(period_no=0, next_due_at=F("anchor_at"))


def bad(made: Subscription) -> None:
    Subscription.objects.filter(pk=made.pk).update(zone="Mars/Base")


@claimed
@pytest.mark.parametrize(("spoil", "code"), [(taken, "period_taken"), (bad, "bad_data")])
def test_what_cant_be_billed_at_a_cancel_is_told_until_it_is(
    world: World, claimed: bool, spoil: Callable[[Subscription], None], code: str
) -> None:
    made = first_open(world)
    spoil(made)
    world.at(TEN_LATER)
    if claimed:
        assert world.bill()[0].held == 1
    stop.cancel(made.pk)
    assert (held(made), not_billed(made)) == (code, 11 if code == "period_taken" else None)
    world.at(LONG_AFTER)
    if code == "bad_data":
        assert refused(lambda: resume.release_held(made.pk))[0] == "bad_data"
        assert held(made) == "bad_data"
        Subscription.objects.filter(pk=made.pk).update(zone="UTC")
    resume.release_held(made.pk)
    assert (held(made), owed(made)) == ("", list(range(11)))


def test_what_is_held_while_its_plan_is_off_is_for_an_approver(world: World) -> None:
    """Some of it began before the plan's stop and is owed, some after and is not: a cancel can't tell them apart."""
    billed, skipped = first_open(world), first_open(world)
    world.at(TEN_LATER)
    world.bill()
    plans.deactivate_plan(plan_id=world.plan.pk)
    for made in (billed, skipped):
        stop.cancel(made.pk)
    assert waits.subscriptions(most=5)["catch_up"].number == 2
    assert refused(lambda: resume.release_held(billed.pk))[0] == "plan_inactive"
    resume.skip_missed(skipped.pk)
    plans.activate_plan(plan_id=world.plan.pk)
    resume.release_held(billed.pk)
    assert (held(billed), held(skipped)) == ("", "")
    limit = settings.ENV.catch_up_limit
    assert (skipped.periods_skipped, skipped.period_no) == (10 - limit, 11)
    assert owed(billed) == list(range(11)) and owed(skipped) == list(range(1 + limit))


@claimed
def test_what_began_while_its_plan_was_off_is_nobodys_to_release(world: World, claimed: bool) -> None:
    made = first_open(world)
    plans.deactivate_plan(plan_id=world.plan.pk)
    world.at(TEN_LATER)
    if claimed:
        world.bill()
    stop.cancel(made.pk)
    for verb in (resume.release_held, resume.skip_missed):
        assert refused(lambda verb=verb: verb(made.pk))[0] == "already_skipped"
    made.refresh_from_db()
    assert (made.held_code, not_billed(made), owed(made)) == ("plan_inactive", 10, [0])
    assert waits.subscriptions(most=5)["plan_inactive"].number == 0


def test_neither_a_pause_nor_what_would_begin_at_its_end_is_billed_by_a_cancel(world: World) -> None:
    paused, ends = paid(world), world.subscription(ends_at=datetime(2026, 4, 30, 9, 30, tzinfo=UTC))
    stop.pause(paused.pk)
    world.at(TEN_LATER)
    for made in (paused, ends):
        stop.cancel(made.pk)
        assert held(made) == ""
    assert [len(invoices(made)) for made in (paused, ends)] == [1, 3]
