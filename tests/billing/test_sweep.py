from __future__ import annotations

from datetime import timedelta

import pytest

from billing import plans, resume, stop, sweep
from billing.models import Invoice, Subscription
from engine.core import calendar
from engine.outbox.models import Event
from ops import tasks
from tests.billing.world import START, World

NOTHING = {
    "drafts": 0,
    "subscriptions": 0,
    "subscriptions_held": 0,
    "plans_active_again": 0,
    "asked_again": 0,
}


def test_a_forgotten_draft_is_due_now_and_a_held_one_waits(world: World) -> None:
    lost, held, _ = world.subscription(), world.subscription(), world.subscription()
    Invoice.objects.filter(subscription__in=[lost, held]).update(next_action_at=None)
    Invoice.objects.filter(subscription=held).update(held_reason="no price")
    assert sweep.sweep(chunk=1) == NOTHING | {"drafts": 1}
    assert sweep.sweep() == NOTHING
    world.bill()
    assert Invoice.objects.get(subscription=lost).state == "open"
    assert Invoice.objects.get(subscription=held).state == "draft"


def test_a_forgotten_subscription_is_due_on_its_date_again(world: World) -> None:
    lost, other = world.subscription(), world.subscription()
    due = lost.next_due_at
    Subscription.objects.filter(pk__in=[lost.pk, other.pk]).update(next_due_at=None)
    assert sweep.sweep(chunk=1) == NOTHING | {"subscriptions": 2}
    lost.refresh_from_db()
    assert lost.next_due_at == due
    assert Event.objects.get(object_id=lost.pk, type="subscription.mended").seq == lost.version
    assert sweep.sweep() == NOTHING


def test_what_ends_waits_or_stands_still_is_sound(world: World) -> None:
    ending = world.subscription(ends_at=START + timedelta(days=5))
    assert ending.next_due_at is None
    world.bill()
    canceled, held = world.subscription(), world.subscription()
    stop.cancel(canceled.pk)
    Subscription.objects.filter(pk=held.pk).update(
        next_due_at=None, held_code="catch_up", held_reason="a drill"
    )
    before = list(Subscription.objects.order_by("pk").values())
    assert sweep.sweep() == NOTHING
    assert list(Subscription.objects.order_by("pk").values()) == before


def test_one_whose_date_can_not_be_reckoned_is_held(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = world.subscription()
    Subscription.objects.filter(pk=lost.pk).update(next_due_at=None)

    def broken(*args: object, **kwargs: object) -> None:
        raise ValueError("no such zone")

    with monkeypatch.context() as patch:
        patch.setattr(calendar, "nth", broken)
        assert sweep.sweep() == NOTHING | {"subscriptions_held": 1}
    lost.refresh_from_db()
    assert (lost.held_code, "no such zone" in lost.held_reason) == ("bad_data", True)
    assert Event.objects.get(type="subscription.held").seq == lost.version
    assert resume.release_held(lost.pk).next_due_at is not None


def test_the_task_audits_both(world: World) -> None:
    world.subscription()
    Invoice.objects.update(next_action_at=None)
    assert tasks.audit() == {
        "scheduled": 0,
        "in_flight": 0,
        "callbacks": 0,
        "callbacks_refused": 0,
    } | NOTHING | {"drafts": 1}


def test_a_hold_that_crossed_the_activation_of_its_plan_is_undone(world: World) -> None:
    """Claim read the plan before it was activated, and committed its hold after."""
    crossed, right = world.subscription(), world.subscription(plan=world.another_plan())
    Subscription.objects.filter(pk__in=[crossed.pk, right.pk]).update(
        next_due_at=None, held_code="plan_inactive", held_reason="Subscription plan is no longer active"
    )
    plans.deactivate_plan(plan_id=right.plan_id)
    assert sweep.sweep() == NOTHING | {"plans_active_again": 1}
    crossed.refresh_from_db()
    right.refresh_from_db()
    assert (crossed.held_code, crossed.next_due_at is None) == ("", False)
    assert right.held_code == "plan_inactive"
    assert sweep.sweep() == NOTHING
