"""The timetable as the sources ask for it, seeded once, and the operator's edit wins."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.conf import settings
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from config import schedule
from ops import timetable


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(settings.ENV, "payment_processing_seconds", 0)
    return monkeypatch


@pytest.mark.parametrize(
    ("form", "every", "cron"), [("5", 300, ""), ("1", 60, ""), ("*/5 * * * *", 0, "*/5 * * * *")]
)
def test_due_payments_come_every_so_many_minutes_or_by_cron(
    env: pytest.MonkeyPatch, form: str, every: float, cron: str
) -> None:
    env.setattr(settings.ENV, "payment_processing_interval", form)
    entry = schedule.due_payments()
    assert (entry.task, entry.every, entry.cron, entry.enabled) == ("billing.claim_due", every, cron, True)


def test_the_scheduler_can_be_off(env: pytest.MonkeyPatch) -> None:
    env.setattr(settings.ENV, "payment_scheduler_enabled", False)
    assert not schedule.due_payments().enabled


def test_maintenance_is_daily_at_two() -> None:
    (entry,) = [entry for entry in schedule.timetable() if entry.task == "billing.maintenance"]
    assert entry.cron == type(settings.ENV).model_fields["maintenance_time"].default == "0 2 * * *"


# name: (task, every so many seconds, cron in UTC), where the environment says nothing else
EVERY = {
    "due payments": ("billing.claim_due", 300, ""),
    "tick": ("ops.tick", 2, ""),
    "sweep": ("ops.sweep", 60, ""),
    "invoice numbers": ("billing.number_invoices", 30, ""),
    "payments nobody has looked at": ("payments.look_now", 0, "41 * * * *"),
    "callbacks that never came": ("payments.ask_for_callbacks", 0, "11 * * * *"),
    "disputes": ("payments.disputes", 3600, ""),
    "ledger roll-up": ("payments.roll_up", 30, ""),
    "payment methods of what is due soon": ("billing.watch_upcoming", 3600, ""),
    "access tokens": ("engine.warm_tokens", 60, ""),
    "daily maintenance": ("billing.maintenance", 0, "0 2 * * *"),
    "trim task results": ("ops.trim_results", 0, "17 4 * * *"),
}


def test_the_whole_timetable(monkeypatch: pytest.MonkeyPatch) -> None:
    """What leaves it, or comes at another time, is seen here: each entry is work that nothing else begins."""
    fields = type(settings.ENV).model_fields
    monkeypatch.setattr(schedule, "ENV", SimpleNamespace(**{name: fields[name].default for name in fields}))
    found = {entry.name: (entry.task, entry.every, entry.cron) for entry in schedule.timetable()}
    assert found == EVERY
    assert all(entry.enabled for entry in schedule.timetable())


def test_names_are_unique() -> None:
    names = [entry.name for entry in schedule.timetable()]
    assert len(names) == len(set(names))


def test_an_operators_edit_wins_and_can_be_taken_back(db: None) -> None:
    entries = schedule.timetable()
    assert {done for _, _, done in timetable.sync(entries)} == {"seeded"}
    assert {done for _, _, done in timetable.sync(entries)} == {"unchanged"}
    tick = PeriodicTask.objects.get(name="tick")
    tick.interval, _ = IntervalSchedule.objects.get_or_create(every=9, period="seconds")
    tick.save()
    said = {name: done for name, _, done in timetable.sync(entries)}
    assert said.pop("tick") == "edited by an operator, kept"
    assert set(said.values()) == {"unchanged"}
    assert PeriodicTask.objects.get(name="tick").interval.every == 9
    assert {n: d for n, _, d in timetable.sync(entries, restore=["tick"], reason="a drill")}[
        "tick"
    ] == "restored"
    assert PeriodicTask.objects.get(name="tick").interval.every != 9
