from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from billing import cycle, resume
from billing.models import Invoice, Subscription
from engine.core import clock
from engine.core.errors import Refusal
from engine.outbox.models import Event
from tests.billing.world import START, World, invoices


def test_the_first_period_is_billed_at_once(world: World) -> None:
    subscription = world.subscription()
    (draft,) = invoices(subscription)
    assert (draft.state, draft.period_no, draft.period_start) == ("draft", 0, START)
    assert draft.period_end == subscription.next_due_at == datetime(2026, 2, 28, 9, 30, tzinfo=UTC)
    assert subscription.period_no == 1


def test_a_later_anchor_waits_for_its_day(world: World) -> None:
    subscription = world.subscription(anchor_at=START + timedelta(days=3))
    assert invoices(subscription) == []
    assert cycle.claim(world.clock_id).claimed == 0
    world.later(days=3)
    assert cycle.claim(world.clock_id).claimed == 1


def test_a_year_of_months_keeps_the_anchors_day(world: World) -> None:
    subscription = world.subscription()
    for _ in range(12):
        subscription.refresh_from_db()
        world.at(subscription.next_due_at)
        assert cycle.claim(world.clock_id).claimed == 1
    found = invoices(subscription)
    assert [f"{i.period_start:%m-%d}" for i in found[:5]] == ["01-31", "02-28", "03-31", "04-30", "05-31"]
    assert [i.period_no for i in found] == list(range(13))
    assert all(a.period_end == b.period_start for a, b in itertools.pairwise(found))


def test_claiming_again_claims_nothing(world: World) -> None:
    world.subscription()
    world.later(days=28)
    assert cycle.claim(world.clock_id).claimed == 1
    assert cycle.claim(world.clock_id) == cycle.ClaimResult(0, 0, 1)


def test_a_batch_commits_and_the_next_goes_on(world: World) -> None:
    for _ in range(5):
        world.subscription()
    world.later(days=28)
    result = cycle.claim(world.clock_id, batch=2)
    assert (result.claimed, result.batches) == (5, 4)


def test_most_bounds_a_claim(world: World) -> None:
    for _ in range(3):
        world.subscription()
    world.later(days=28)
    assert cycle.claim(world.clock_id, most=2).claimed == 2
    assert cycle.claim(world.clock_id).claimed == 1


def test_other_clocks_are_left_alone(world: World) -> None:
    subscription = world.subscription()
    world.later(days=28)
    assert cycle.claim(clock.REAL).claimed == 0
    assert len(invoices(subscription)) == 1


@pytest.mark.parametrize("seconds", [-61, 61])
@pytest.mark.parametrize("real", [True, False])
def test_a_clock_that_jumps_is_refused(world: World, seconds: int, real: bool) -> None:
    subscription = world.subscription()
    world.at(subscription.next_due_at)
    clock_id = clock.REAL if real else world.clock_id
    now = clock.business_now(clock_id) + timedelta(seconds=seconds)
    with pytest.raises(Refusal) as refused:
        cycle.claim(clock_id, now=now)
    assert (refused.value.code, refused.value.param) == ("clock_jump", "now")
    assert len(invoices(subscription)) == 1


def test_an_unknown_clock_is_refused(world: World) -> None:
    with pytest.raises(Refusal) as refused:
        cycle.claim(987_654)
    assert refused.value.param == "clock_id"


def test_an_existing_invoice_holds_the_subscription_and_is_not_doubled(world: World) -> None:
    subscription = world.subscription()
    Subscription.objects.filter(pk=subscription.pk).update(period_no=0, next_due_at=START)
    result = cycle.claim(world.clock_id)
    subscription.refresh_from_db()
    assert (result.claimed, result.held) == (0, 1)
    assert (subscription.held_code, subscription.next_due_at, subscription.period_no) == (
        "period_taken",
        None,
        0,
    )
    assert Event.objects.filter(type="subscription.held", object_id=subscription.pk).count() == 1
    resume.release_held(subscription.pk)
    world.later(days=28)
    assert cycle.claim(world.clock_id).claimed == 1
    assert [i.period_no for i in invoices(subscription)] == [0, 1]


@pytest.mark.parametrize(
    "poison", [{"zone": "Nowhere/Land"}, {"period_no": 2**31 - 1}, {"anchor_at": datetime(9999, 12, 30, tzinfo=UTC)}]
)  # fmt: skip
def test_one_poisonous_row_never_stops_the_others(world: World, poison: dict[str, object]) -> None:
    every = [world.subscription() for _ in range(20)]
    Subscription.objects.filter(pk=every[7].pk).update(**poison)
    world.later(days=28)
    result = cycle.claim(world.clock_id)
    assert (result.claimed, result.held) == (19, 1)
    every[7].refresh_from_db()
    assert every[7].next_due_at is None and every[7].held_code == "bad_data" and every[7].held_reason
    assert [len(invoices(each)) for each in every] == [2] * 7 + [1] + [2] * 12


def test_a_poisonous_row_among_thousands(world: World) -> None:
    first = world.subscription()
    _copy(first, 3000)
    bad = Subscription.objects.order_by("pk")[1234]
    Subscription.objects.filter(pk=bad.pk).update(zone="Nowhere/Land")
    world.later(days=28)
    result = cycle.claim(world.clock_id)
    assert (result.claimed, result.held) == (3000, 1)
    assert Subscription.objects.filter(held_code="bad_data").get().pk == bad.pk


def test_downtime_is_caught_up_oldest_first_without_gaps_or_doubles(world: World) -> None:
    slow, quick = world.subscription(), world.subscription(anchor_at=START + timedelta(days=60))
    world.at(datetime(2026, 5, 1, tzinfo=UTC))
    world.bill()
    found = invoices(slow)
    assert [i.period_no for i in found] == [0, 1, 2, 3]
    assert all(a.period_end == b.period_start for a, b in itertools.pairwise(found))
    assert [i.pk for i in found] == [i.pk for i in sorted(found, key=lambda i: i.pk)]
    assert len(invoices(quick)) == 1
    slow.refresh_from_db()
    assert (slow.catch_up, slow.held_code) == (0, "")


def test_catch_up_beyond_the_limit_waits_for_an_operator(world: World) -> None:
    subscription = world.subscription()
    world.at(datetime(2026, 12, 1, tzinfo=UTC))
    result = cycle.claim(world.clock_id)
    subscription.refresh_from_db()
    assert (result.claimed, result.held) == (settings.ENV.catch_up_limit, 1)
    assert (subscription.held_code, subscription.next_due_at) == ("catch_up", None)
    resume.release_held(subscription.pk)
    assert cycle.claim(world.clock_id).claimed == 11 - settings.ENV.catch_up_limit - 1
    assert [i.period_no for i in invoices(subscription)] == list(range(11))


def test_a_released_subscription_is_held_again_by_its_next_long_absence(world: World) -> None:
    subscription = world.subscription()
    world.at(datetime(2026, 12, 1, tzinfo=UTC))
    cycle.claim(world.clock_id)
    resume.release_held(subscription.pk)
    cycle.claim(world.clock_id)
    world.at(datetime(2027, 12, 1, tzinfo=UTC))
    assert cycle.claim(world.clock_id).held == 1


def test_missed_periods_can_be_skipped_instead(world: World) -> None:
    subscription = world.subscription()
    world.at(datetime(2026, 12, 1, tzinfo=UTC))
    cycle.claim(world.clock_id)
    resume.skip_missed(subscription.pk)
    assert cycle.claim(world.clock_id).claimed == 0
    subscription.refresh_from_db()
    assert subscription.next_due_at == datetime(2026, 12, 31, 9, 30, tzinfo=UTC)
    assert subscription.period_no == Invoice.objects.count() + subscription.periods_skipped


def test_nothing_is_claimed_past_the_end(world: World) -> None:
    subscription = world.subscription(ends_at=datetime(2026, 3, 31, 9, 30, tzinfo=UTC))
    world.at(datetime(2026, 8, 1, tzinfo=UTC))
    assert cycle.claim(world.clock_id).claimed == 1
    subscription.refresh_from_db()
    assert subscription.next_due_at is None
    assert [i.period_no for i in invoices(subscription)] == [0, 1]


def test_an_inactive_plan_holds_its_subscriptions(world: World) -> None:
    from billing import plans

    subscription = world.subscription()
    plans.deactivate_plan(plan_id=world.plan.id)
    world.later(days=28)
    assert cycle.claim(world.clock_id).held == 1
    subscription.refresh_from_db()
    assert subscription.held_reason == "Subscription plan is no longer active"
    plans.activate_plan(plan_id=world.plan.id)
    assert cycle.claim(world.clock_id).claimed == 0
    world.later(days=31)
    assert cycle.claim(world.clock_id).claimed == 1


def test_only_billed_states_may_be_due(world: World) -> None:
    subscription = world.subscription()
    with pytest.raises(IntegrityError, match="only_a_billed_subscription_is_due"), transaction.atomic():
        Subscription.objects.filter(pk=subscription.pk).update(state="canceled")


def _copy(subscription: Subscription, count: int) -> None:
    """More of the same, each with a customer that needs no row of its own in this test."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            """
            WITH c AS (
              INSERT INTO billing_customer (id, clock_id, name, metadata, created_at)
              SELECT gen_random_uuid(), clock_id, 'Copy', '{}', created_at
                FROM billing_customer, generate_series(1, %(count)s) WHERE id = %(customer)s
              RETURNING id)
            INSERT INTO billing_subscription (id, customer_id, creator_id, plan_id, plan_version_id, clock_id,
                                              anchor_at, period_no, next_due_at, created_at)
            SELECT gen_random_uuid(), c.id, s.creator_id, s.plan_id, s.plan_version_id, s.clock_id, s.anchor_at,
                   s.period_no, s.next_due_at, s.created_at
              FROM c, billing_subscription s WHERE s.id = %(id)s
            """,
            {"count": count, "customer": subscription.customer_id, "id": subscription.pk},
        )
