"""Methods that share what is pulled from (a wallet added twice, or by two customers) are one source."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from billing import cycle, watch
from billing.models import Subscription
from engine.core import clock
from engine.core.models import Clock
from engine.providers import registry
from payments import methods
from payments.models import Payment, PaymentMethod
from tests.billing.world import DETAILS, World


@pytest.fixture
def shared(world: World) -> list[Subscription]:
    """Two customers' subscriptions on one token account, and a stranger's."""
    made = [world.subscription() for _ in range(3)]
    PaymentMethod.objects.filter(pk__in=[each.method_id for each in made[:2]]).update(details=DETAILS)
    return made


def test_they_are_one_queue(shared: list[Subscription]) -> None:
    cycle.finalize()
    keys = dict(Payment.objects.values_list("method_id", "queue_key"))
    one, other, stranger = (keys[each.method_id] for each in shared)
    assert one == other != stranger


def test_where_nothing_is_pulled_no_debt_waits_for_another(
    shared: list[Subscription], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link that nobody pays blocks nothing."""
    provider = registry.get("direct")
    monkeypatch.setattr(provider, "sheet", replace(provider.sheet, pulls=False), raising=False)
    cycle.finalize()
    keys = list(Payment.objects.values_list("queue_key", flat=True))
    assert len(set(keys)) == len(keys) == 3


def test_another_providers_account_of_that_name_is_another_source(shared: list[Subscription]) -> None:
    from payments.charge import queue_of

    keys = {queue_of(name, DETAILS, shared[0].pk) for name in ("direct", "elsewhere")}
    assert len(keys) == 2
    assert queue_of("direct", {}, shared[0].pk) == shared[0].pk


def test_the_watcher_looks_for_what_is_due_of_both(
    world: World, shared: list[Subscription], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.later(days=27, hours=23)
    stands_at, machine = clock.business_now(world.clock_id), clock.machine_now()
    offset = (machine - stands_at).total_seconds()
    lease = machine + timedelta(hours=1)
    Clock.objects.filter(pk=world.clock_id).update(kind="running", lease_until=lease, offset_seconds=offset)
    # Looked at a moment ago, so not again; what it needs counts all the same.
    PaymentMethod.objects.filter(pk=shared[1].method_id).update(checked_at=machine)
    asked: dict[UUID, tuple[int, datetime | None]] = {}

    def check(needs: list[methods.Need]) -> list[object]:
        asked.update((each.method_id, (each.needed_minor, each.due_at)) for each in needs)
        return []

    monkeypatch.setattr(methods, "check", check)
    watch.watch_upcoming()
    due = shared[0].next_due_at
    assert asked == {shared[0].method_id: (2000, due), shared[2].method_id: (1000, due)}
