"""GET /metrics: each gauge is what the rows say, for who may read it, at a price that a standstill does not raise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from billing.models import Subscription
from engine.core import clock
from engine.core.actor import Actor, Role
from ops import gauges, heartbeat
from payments import operate, switches
from payments.models import Attempt, Case, Payment
from tests.ops.world import fill
from tests.rest.conftest import api, fault  # noqa: F401

BOSS = Actor("boss", "user", Role.ADMIN)


@pytest.fixture
def read(api: Any) -> Any:  # noqa: F811
    """What a scraper with the narrow scope reads: (name, labels' values) -> the number."""
    caller = api("metrics:read")

    def get() -> dict[Any, float]:
        answer = caller.get("/metrics", Accept="text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
        families = text_string_to_metric_families(answer.content.decode())
        return {
            (each.name.removeprefix("clearbeat_"), *each.labels.values()): each.value
            for family in families
            for each in family.samples
        }

    return get


def test_the_gauges_say_what_the_rows_say(read, world, scripted):
    payments = fill(world, scripted)
    operate.park_payment(payments["waiting"], reason="a drill", by=BOSS)
    heartbeat.forget()
    heartbeat.beat(heartbeat.TICK)
    shown = read()
    unknown = Attempt.objects.filter(state="unknown").count()
    assert shown["payments_unknown", "scripted"] == unknown
    assert shown["payments_pending", "scripted"] == Attempt.objects.filter(state="pending").count()
    for state in ("scheduled", "in_flight"):
        open_ones = Payment.objects.filter(state=state, provider="scripted", next_action_at__isnull=False)
        assert shown["payments_open", "scripted", state] == open_ones.count()
    assert shown["payments_parked",] == Payment.objects.filter(parked_at__isnull=False).count() > 0
    assert shown["cases_open",] == Case.objects.filter(closed_at=None).count() > 0
    assert shown["sending", "scripted"] == 1
    assert 0 <= shown["heartbeat_age_seconds", "tick"] < 300
    assert shown["ledger_deltas",] > 0


def test_ages_are_of_the_oldest(read, world, scripted):
    payments = fill(world, scripted)
    now = clock.machine_now()
    operate.park_payment(payments["waiting"], reason="a drill", by=BOSS)
    Payment.objects.filter(parked_at__isnull=False).update(parked_at=now)
    Payment.objects.filter(pk=payments["waiting"]).update(parked_at=now - timedelta(hours=3))
    Payment.objects.filter(pk=payments["pending"]).update(next_action_at=now - timedelta(hours=2))
    Attempt.objects.filter(payment_id=payments["pending"]).update(
        state="unknown", send_by=now - timedelta(hours=1)
    )
    Case.objects.filter(closed_at=None).update(opened_at=now - timedelta(days=1))
    Subscription.objects.filter(pk=world.subscription(method_id=None).pk).update(
        clock_id=0, next_due_at=now - timedelta(hours=5)
    )
    shown = read()
    hours = {
        name: round(value / 3600)
        for (name, *_), value in shown.items()
        if name.endswith("_seconds") and round(value / 3600)
    }
    assert hours == {"payments_parked_oldest_seconds": 3, "payments_late_seconds": 2,
                     "payments_unknown_oldest_seconds": 1, "cases_open_oldest_seconds": 24,
                     "subscriptions_due_oldest_seconds": 5}  # fmt: skip
    assert shown["subscriptions_due",] == 1


def test_what_is_pending_has_an_age_of_its_own(read, world, scripted):
    pending = fill(world, scripted)["pending"]
    long_ago = clock.machine_now() - timedelta(days=4)
    Attempt.objects.filter(payment_id=pending).update(state="pending", send_by=long_ago)
    shown = read()
    assert round(shown["payments_pending_oldest_seconds", "scripted"] / 3600) == 96
    assert shown["payments_unknown_oldest_seconds", "scripted"] < 3600


def test_a_pause_and_the_kill_switch_show(read, world, scripted):
    switches.pause("scripted", reason="a drill", by=BOSS)
    assert read()["sending", "scripted"] == 0
    switches.resume("scripted", reason="a drill", by=BOSS)
    switches.stop_sending(reason="a drill", by=BOSS)
    assert read()["sending", "scripted"] == 0


def test_a_count_ends_and_a_scrape_costs_the_same_however_much_there_is(read, world, scripted, monkeypatch):
    read()
    with CaptureQueriesContext(
        connection,
    ) as before:
        read()
    fill(world, scripted)
    monkeypatch.setattr(gauges, "MOST", 1)
    with CaptureQueriesContext(connection) as after:
        shown = read()
    assert len(after) == len(before)
    assert shown["payments_parked",] == shown["cases_open",] == 1
    assert max(value for (name, *_), value in shown.items() if name == "payments_open") == 1


@pytest.mark.parametrize(("scopes", "status"), [
    (("metrics:read",), 200), (("admin:read",), 200), (("admin:write",), 200), (("payments:read", "jobs:read"), 403),
])  # fmt: skip
def test_who_may_read_them(api, scopes, status):  # noqa: F811
    assert api(*scopes).get("/metrics").status_code == status


def test_what_is_refused_says_so_in_the_one_shape(api):  # noqa: F811
    caller = api("metrics:read")
    assert fault(caller.client.get("/metrics"))[:2] == (401, "key_missing")
    assert fault(caller.get("/metrics?colour=1", Accept="text/plain")) == (400, "field_unknown", "colour")
    assert fault(caller.post("/metrics"))[0] == 403
