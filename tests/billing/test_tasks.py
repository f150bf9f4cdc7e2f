from __future__ import annotations

import time

import pytest
import structlog
from django.conf import settings
from django.urls import reverse

from billing import due, tasks
from billing.models import Invoice
from engine.core import clock
from engine.core.models import Clock
from tests.billing.world import START, World


def test_beat_claims_real_time_and_running_clocks_only(world: World) -> None:
    subscription = world.subscription()
    world.later(days=28)
    assert tasks.claim_due()["claimed"] == 0
    lease = clock.machine_now() - clock.business_now(world.clock_id)
    Clock.objects.filter(pk=world.clock_id).update(
        kind="running", lease_until=clock.machine_now(), offset_seconds=lease.total_seconds() - 60
    )
    counts = tasks.claim_due()
    assert counts.pop("ms") >= 0
    assert counts == {"claimed": 1, "held": 0, "finalized": 1, "payments": 1, "drafts_held": 0}
    assert Invoice.objects.filter(subscription=subscription, state="open").count() == 2
    assert tasks.number_invoices() == {"numbered": 2, "skipped": 0}
    assert tasks.finalize_drafts() == {"finalized": 0, "payments": 0, "drafts_held": 0}
    assert tasks.maintenance()["expired"] == 0


def test_a_cycle_tells_how_long_it_took(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with structlog.testing.capture_logs() as logs:
        tasks.claim_due()
    (told,) = [line for line in logs if line["event"] == "payment processing cycle completed"]
    assert told["ms"] >= 0


@pytest.mark.parametrize(("setting", "longest"), [(1000, 1.0), (300_000, 200.0)])
def test_a_cycle_ends_itself_in_time(
    world: World, monkeypatch: pytest.MonkeyPatch, setting: int, longest: float
) -> None:
    """MAX_PROCESSING_TIME (row 0.47), but never so long that the worker's time limit kills it half-way."""
    given: list[float] = []
    real = due.cycle.claim
    monkeypatch.setattr(settings.ENV, "max_processing_time", setting)
    monkeypatch.setattr(
        due.cycle, "claim", lambda clock_id, *, until: given.append(until) or real(clock_id, until=until)
    )
    before = time.monotonic()
    tasks.claim_due()
    assert before <= given[0] - longest <= time.monotonic()


@pytest.mark.parametrize(("setting", "longest"), [(1000, 1.0), (300_000, 20.0)])
def test_a_finalize_that_the_tick_woke_ends_itself_soon(
    world: World, monkeypatch: pytest.MonkeyPatch, setting: int, longest: float
) -> None:
    """Ticks and applying share its workers; the next tick goes on where it stopped."""
    given: list[float] = []
    real = tasks.cycle.finalize
    monkeypatch.setattr(settings.ENV, "max_processing_time", setting)
    monkeypatch.setattr(tasks.cycle, "finalize", lambda *, until: given.append(until) or real(until=until))
    before = time.monotonic()
    tasks.finalize_drafts()
    assert before <= given[0] - longest <= time.monotonic()


@pytest.mark.filterwarnings("ignore:No directory at")
def test_the_admin_shows_and_changes_nothing(world: World, admin_client: object) -> None:
    subscription = world.subscription()
    tasks.finalize_drafts()
    for name in ("customer", "creator", "plan", "subscription", "invoice", "numberseries", "dailyreport"):
        page = admin_client.get(reverse(f"admin:billing_{name}_changelist"), {"q": str(subscription.pk)})
        assert page.status_code == 200, name
        assert admin_client.get(reverse(f"admin:billing_{name}_add")).status_code == 403
    shown = admin_client.get(reverse("admin:billing_subscription_change", args=[subscription.pk]))
    assert shown.status_code == 200
    assert admin_client.post(
        reverse("admin:billing_subscription_change", args=[subscription.pk]), {"anchor_at": START}
    ).status_code == 403  # fmt: skip
