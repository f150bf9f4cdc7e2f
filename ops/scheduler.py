"""The scheduler as an operator knows it: the timetable's money entries, on or off, and whether beat is alive.

Stopping stops what is billed by itself; what was scheduled before goes on (the kill switch stops that).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django_celery_beat.models import PeriodicTask

from engine.audit.act import act, note
from engine.core import clock
from engine.core.actor import Actor, Role
from engine.core.errors import Refusal
from ops import figures, heartbeat, timetable

ENTRIES = ("due payments", "daily maintenance")
RUNNING_ALREADY = "Payment scheduler is already running"  # the source's words (row 0.10)


class Status(NamedTuple):
    """`running`: switched on, and beat was alive a moment ago. Moments are machine time."""

    running: bool
    enabled: bool
    tick_age_seconds: float | None
    last_run_at: datetime | None
    next_run_at: datetime | None
    processed_today: int
    failed_today: int


def start(*, by: Actor, reason: str) -> None:
    """Let beat bill what is due again. Writes. Raises Refusal if it is on already, NotAllowed below admin."""
    _switch(True, by, reason)


def stop(*, by: Actor, reason: str) -> None:
    """Let beat bill nothing by itself, over restarts and sync_schedule too, until it is started. Writes.

    Raises Refusal if it is off already, NotAllowed below admin.
    """
    _switch(False, by, reason)


def status() -> Status:
    """On or off, alive or not, when it ran, when it will, and what came of it today. Reads."""
    due = _entries()[0]
    now = clock.machine_now()
    age = heartbeat.ages(now).get(heartbeat.TICK)
    last, ended = figures.last_cycle_at(), figures.today()
    running = due.enabled and alive(age)
    return Status(
        running,
        due.enabled,
        age,
        last,
        _next_run(due, last, now) if running else None,
        ended.succeeded,
        ended.failed,
    )


def alive(age: float | None) -> bool:
    """Whether beat that was heard `age` seconds ago is taken to be alive."""
    return age is not None and age <= patience()


def patience() -> float:
    """Seconds without a tick after which beat, or the worker of its tick, is taken to be dead."""
    return max(30.0, settings.ENV.tick_seconds * 5)


def _switch(on: bool, by: Actor, reason: str) -> None:
    verb = "start_scheduler" if on else "stop_scheduler"
    with transaction.atomic():
        entries = _entries(lock=True)
        first = entries[0]
        with act(by, verb, PeriodicTask, first.pk, fields=("enabled",), reason=reason, role=Role.ADMIN):
            if first.enabled == on:
                raise _refusal(on)
            timetable.switch(first, on=on)
        for other in entries[1:]:
            before = {"enabled": other.enabled}
            timetable.switch(other, on=on)
            note(by, verb, PeriodicTask, other.pk, reason=reason, before=before, after={"enabled": on})


def _refusal(on: bool) -> Refusal:
    if not on:
        return Refusal("not_running", "Payment scheduler is not running", param="scheduler")
    if alive(heartbeat.ages(clock.machine_now()).get(heartbeat.TICK)):
        return Refusal("already_running", RUNNING_ALREADY, param="scheduler")
    sentence = f"{RUNNING_ALREADY}, but beat has not been heard: start the beat process and an io worker"
    return Refusal("already_running", sentence, param="scheduler")


def _entries(*, lock: bool = False) -> list[PeriodicTask]:
    found = PeriodicTask.objects.filter(name__in=ENTRIES).order_by("pk")
    if lock:
        by_name = {entry.name: entry for entry in found.select_for_update()}
    else:
        by_name = {entry.name: entry for entry in found}
    if missing := [name for name in ENTRIES if name not in by_name]:
        sentence = f"the timetable has no entry {missing[0]!r}: run manage.py sync_schedule"
        raise Refusal("no_timetable", sentence, param="scheduler")
    return [by_name[name] for name in ENTRIES]


def _next_run(entry: PeriodicTask, last: datetime | None, now: datetime) -> datetime:
    if entry.interval is not None:
        return max(now, (last or now) + entry.interval.schedule.run_every)
    # Crons come round on the minute; the estimate is made a moment later than `now`.
    at = now + max(entry.schedule.remaining_estimate(now), timedelta(0)) + timedelta(seconds=30)
    return at.replace(second=0, microsecond=0)
