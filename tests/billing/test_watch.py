"""All that is due soon is looked at in one run, as long as there is time; the rest is counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from billing import watch
from engine.core import clock
from engine.core.models import Clock
from engine.providers.abilities import ApprovalFound
from payments import methods
from payments.models import PaymentMethod
from tests.billing.world import World

SOON = 7


@pytest.fixture
def asked(world: World, monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """Seven methods whose subscriptions are due in an hour; the ids in the order in which they are checked."""
    for _ in range(SOON):
        world.subscription()
    world.later(days=27, hours=23)
    stands_at, machine = clock.business_now(world.clock_id), clock.machine_now()
    Clock.objects.filter(pk=world.clock_id).update(
        kind="running",
        lease_until=machine + timedelta(hours=1),
        offset_seconds=(machine - stands_at).total_seconds(),
    )
    order: list[UUID] = []

    def check(needs: Sequence[methods.Need]) -> list[tuple[UUID, ApprovalFound]]:
        ids = [need.method_id for need in needs]
        order.extend(ids)
        PaymentMethod.objects.filter(pk__in=ids).update(checked_at=clock.machine_now())
        return [(each, ApprovalFound(True, True, "", "", 0, 0, {})) for each in ids]

    monkeypatch.setattr(methods, "check", check)
    monkeypatch.setattr(watch, "BATCH", 3)
    monkeypatch.setattr(watch, "SLICE", 2)
    return order


def test_every_method_is_looked_at_in_one_run_and_once(asked: list[UUID]) -> None:
    with capture_logs() as logged:
        assert watch.watch_upcoming()["checked"] == SOON
        assert watch.watch_upcoming()["checked"] == 0
    assert len(asked) == len(set(asked)) == SOON
    assert logged == []


def test_what_there_was_no_time_for_is_counted(asked: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0.0, 0.0, 0.0, 0.0, 100.0])
    monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    with capture_logs() as logged:
        assert watch.watch_upcoming()["checked"] == 5
    assert [(each["left"], each["checked"]) for each in logged] == [(2, 5)]
    assert len(asked) == 5


def test_methods_that_nobody_answers_for_are_asked_for_once_and_counted(
    asked: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(methods, "check", lambda needs: [])  # removed at this moment, all of them
    with capture_logs() as logged:
        assert watch.watch_upcoming() == {"checked": 0, "troubled": 0}
    assert [each["left"] for each in logged] == [SOON - 3]
