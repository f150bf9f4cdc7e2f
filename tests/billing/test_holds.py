"""Holds and what they cross: a plan that is off, a pause, another's lock, a short interval, a long standstill."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings

from billing import collect, cycle, missed, plans, resume, stop, sweep
from billing.models import Plan, Subscription
from engine.core import clock
from engine.core.errors import Refusal
from tests.billing.test_waits import meanwhile
from tests.billing.world import START, World, end, invoices


def paid(world: World) -> Subscription:
    made = world.subscription()
    cycle.finalize()
    collect.payments_changed([end(invoices(made)[0].pk, "succeeded")])
    return made


def off_for_months(world: World, count: int) -> list[Subscription]:
    every = [paid(world) for _ in range(count)]
    plans.deactivate_plan(plan_id=world.plan.pk)
    world.later(days=125)
    assert world.bill()[0].held == count
    return every


def test_the_sweep_bills_nothing_of_the_months_a_plan_was_off(world: World) -> None:
    """activate_plan died, or the sweep was there, between its commit and its loop."""
    (made,) = off_for_months(world, 1)
    Plan.objects.filter(pk=world.plan.pk).update(active=True)
    assert sweep.sweep()["plans_active_again"] == 1
    world.bill()
    assert len(invoices(made)) == 1
    made.refresh_from_db()
    assert (made.held_code, made.periods_skipped, made.next_due_at is None) == ("", 4, False)


def test_one_that_is_let_go_meanwhile_keeps_no_other_held(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    off_for_months(world, 3)
    skip = resume.skip_missed

    def crossed(subscription_id: object, **why: str) -> Subscription:
        monkeypatch.setattr(resume, "skip_missed", skip)
        sweep.sweep()
        return skip(subscription_id, **why)  # type: ignore[arg-type]

    monkeypatch.setattr(resume, "skip_missed", crossed)
    plans.activate_plan(plan_id=world.plan.pk)
    assert not Subscription.objects.exclude(held_code="").exists()


def test_a_period_that_began_is_billed_before_its_plan_stops_whoever_holds_it(committed_world: World) -> None:
    world = committed_world
    made = paid(world)
    world.later(days=29)
    meanwhile(
        lambda: plans.deactivate_plan(plan_id=world.plan.pk),
        locks=lambda: Subscription.objects.select_for_update().get(pk=made.pk),
    )
    assert [each.period_no for each in invoices(made)] == [0, 1]


def test_a_plan_with_a_period_that_could_not_be_billed_does_not_stop(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid(world)
    world.later(days=29)
    monkeypatch.setattr(cycle, "claim_one", lambda *_: cycle.ClaimResult(0, 0, 1))
    with pytest.raises(Refusal) as refused:
        plans.deactivate_plan(plan_id=world.plan.pk)
    assert refused.value.code == "plan_being_billed"
    assert Plan.objects.get(pk=world.plan.pk).active


def test_what_is_held_is_not_paused_and_what_is_paused_is_not_released(world: World) -> None:
    """Crossed, months from before the pause would vanish, or months of the pause be billed."""
    made = paid(world)
    world.later(days=220)
    with pytest.raises(Refusal) as refused:
        stop.pause(made.pk)  # it would be held by the same act
    assert refused.value.code == "subscription_held"
    world.bill()
    with pytest.raises(Refusal) as refused:
        stop.pause(made.pk)
    assert refused.value.code == "subscription_held"
    begun = len(invoices(made)) + missed.begun(
        Subscription.objects.get(pk=made.pk), clock.business_now(world.clock_id)
    )
    resume.release_held(made.pk)
    stop.pause(made.pk)
    world.later(days=100)
    resume.resume(made.pk)
    world.bill()
    assert len(invoices(made)) == begun


@pytest.mark.parametrize("verb", [resume.release_held, resume.skip_missed])
def test_one_that_is_paused_and_held_is_resumed_first(
    world: World, verb: Callable[..., Subscription]
) -> None:
    made = paid(world)
    stop.pause(made.pk)
    Subscription.objects.filter(pk=made.pk).update(held_code="catch_up", held_reason="paused before 1.0")
    with pytest.raises(Refusal) as refused:
        verb(made.pk)
    assert refused.value.code == "subscription_paused"
    resume.resume(made.pk)
    assert verb(made.pk).held_code == ""


def test_a_first_period_that_ran_out_before_the_cancel_is_owed(world: World) -> None:
    long, short = world.subscription(), world.subscription(anchor_at=START)
    world.later(days=20)
    stop.cancel(short.pk)
    world.later(days=45)
    stop.cancel(long.pk)
    world.bill()
    assert [each.state for each in invoices(long)] == ["open", "open", "open"]
    assert [each.state for each in invoices(short)] == ["void"]


@pytest.mark.parametrize(("late", "held"), [(300, ""), (310, ""), (3600, "catch_up")])
def test_periods_shorter_than_the_beat_are_not_missed(
    world: World, monkeypatch: pytest.MonkeyPatch, late: float, held: str
) -> None:
    monkeypatch.setattr(settings.ENV, "payment_processing_seconds", 0)
    monkeypatch.setattr(settings.ENV, "payment_processing_interval", "5")
    made = world.subscription(plan=world.another_plan(interval_unit="second", interval_count=60))
    for _ in range(3):
        world.later(seconds=late)
        world.bill()
    made.refresh_from_db()
    assert made.held_code == held
    assert held or len(invoices(made)) == 1 + 3 * late // 60


def test_what_began_before_a_stop_is_billed_after_it(world: World) -> None:
    """A standstill, then the plan is turned off: a release would be held again, and then be skipped by activation."""
    made = paid(world)
    world.later(days=220)
    world.bill()
    made.refresh_from_db()
    assert (made.held_code, made.period_no) == ("catch_up", 4)
    begun = made.period_no + missed.begun(made, clock.business_now(world.clock_id))
    assert begun > 4
    plans.deactivate_plan(plan_id=world.plan.pk)
    with pytest.raises(Refusal) as refused:
        resume.release_held(made.pk)
    assert (refused.value.code, refused.value.param) == ("plan_inactive", "plan")
    world.bill()
    plans.activate_plan(plan_id=world.plan.pk)
    sweep.sweep()
    made.refresh_from_db()
    assert (made.held_code, made.periods_skipped) == ("catch_up", 0)
    resume.release_held(made.pk)
    world.bill()
    assert [each.period_no for each in invoices(made)] == list(range(begun))


def test_a_plan_does_not_stop_between_the_look_at_it_and_the_release(committed_world: World) -> None:
    made = paid(committed_world)
    committed_world.later(days=220)
    committed_world.bill()
    with pytest.raises(Refusal) as refused:
        meanwhile(
            lambda: resume.release_held(made.pk),
            locks=lambda: plans.deactivate_plan(plan_id=committed_world.plan.pk),
        )
    assert refused.value.code == "plan_inactive"


@pytest.mark.parametrize("claimed", [True, False], ids=["a claim ran", "no claim ran"])
def test_what_begins_while_a_plan_is_off_is_skipped_whoever_comes_first(world: World, claimed: bool) -> None:
    made = paid(world)
    plans.deactivate_plan(plan_id=world.plan.pk)
    world.later(days=60)
    if claimed:
        world.bill()
    plans.activate_plan(plan_id=world.plan.pk)
    world.bill()
    made.refresh_from_db()
    assert ([each.period_no for each in invoices(made)], made.periods_skipped) == ([0], 2)


def test_a_plan_that_is_on_already_skips_nothing(world: World) -> None:
    made = paid(world)
    world.later(days=29)
    plans.activate_plan(plan_id=world.plan.pk)
    world.bill()
    assert [each.period_no for each in invoices(made)] == [0, 1]


def test_what_ended_while_it_was_held_keeps_the_trace_of_it(world: World) -> None:
    (made, *_) = off_for_months(world, 2)
    stop.cancel(made.pk)
    plans.activate_plan(plan_id=world.plan.pk)
    Plan.objects.filter(pk=world.plan.pk).update(active=True)
    assert sweep.sweep()["plans_active_again"] == 0
    made.refresh_from_db()
    assert (made.state, made.held_code) == ("canceled", "plan_inactive")


def test_what_begins_while_the_stop_waits_is_billed_before_it(committed_world: World) -> None:
    world = committed_world
    first = paid(world)
    world.later(days=2)
    second = paid(world)
    world.later(days=27)  # the first is due, the second not yet

    def another_begins() -> None:
        Subscription.objects.select_for_update().get(pk=first.pk)
        world.later(days=2)

    meanwhile(lambda: plans.deactivate_plan(plan_id=world.plan.pk), locks=another_begins)
    assert [each.period_no for each in invoices(second)] == [0, 1]
