"""Seed the timetable into django-celery-beat, keep what an operator edited, restore it on request."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Protocol

from django.db import transaction
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask, PeriodicTasks

from engine.audit.act import check_reason, note
from engine.core.actor import SYSTEM, Actor, Role
from engine.core.errors import Refusal


class Entry(Protocol):
    """A line of config/schedule.py."""

    @property
    def name(self) -> str: ...
    @property
    def task(self) -> str: ...
    @property
    def every(self) -> float: ...
    @property
    def cron(self) -> str: ...
    @property
    def enabled(self) -> bool: ...


def sync(
    entries: Iterable[Entry], *, restore: Iterable[str] = (), by: Actor = SYSTEM, reason: str = ""
) -> list[tuple[str, str, str]]:
    """Seed or update each entry; (name, schedule, what was done) per entry. Writes and commits.

    An entry that still is as it was seeded follows the environment; an edited one is left alone unless its
    name is in `restore`, and its description says so; what is restored stands in the audit. Entries that the
    timetable no longer has are removed if they were seeded by us. Raises Refusal for a name to restore that is no
    entry or without a reason, NotAllowed to restore below admin, with nothing written.
    """
    wanted, said, restored = list(entries), [], set(restore)
    if restored:
        by.must_be(Role.ADMIN, "restore")
        _known(restored, [entry.name for entry in wanted])
        check_reason(reason)
    with transaction.atomic():
        for entry in wanted:
            done, found, before = _sync_one(entry, force=entry.name in restored)
            said.append((entry.name, words(entry), done))
            if done == RESTORED:
                after = _told(_now(found))
                note(by, "restore", PeriodicTask, found.pk, reason=reason, before=_told(before), after=after)
        gone = PeriodicTask.objects.filter(description__contains=_MARK).exclude(
            name__in=[entry.name for entry in wanted]
        )
        gone.delete()
        PeriodicTasks.update_changed()
    return said


def is_edited(found: PeriodicTask) -> bool:
    """Whether an entry that we seeded differs from its seed."""
    seeded = found.description.removeprefix(_EDITED)
    return seeded.startswith(_MARK) and seeded != _MARK + _print(_now(found))


def switch(found: PeriodicTask, *, on: bool) -> None:
    """Turn one entry on or off; one that now differs from its seed says that an operator edited it. Writes.

    Saved as a whole object, so that beat hears of it.
    """
    found.enabled = on
    seeded = found.description.removeprefix(_EDITED)
    found.description = _EDITED + seeded if is_edited(found) else seeded
    found.save()


def words(entry: Entry) -> str:
    """The schedule for people."""
    return f"cron {entry.cron}" if entry.cron else f"every {entry.every:g} s"


RESTORED = "restored"
_MARK = "seeded from the environment, "
_EDITED = "edited by an operator, kept; "


def _known(restored: set[str], names: list[str]) -> None:
    if unknown := sorted(restored - set(names)):
        message = f"there is no entry {', '.join(map(repr, unknown))}; there are: {', '.join(names)}"
        raise Refusal("entry_unknown", message, param="restore")


def _sync_one(entry: Entry, *, force: bool) -> tuple[str, PeriodicTask, dict[str, Any]]:
    """What was done, the entry as it is now, and what it was before."""
    found = PeriodicTask.objects.select_for_update().filter(name=entry.name).first()
    fields = {**_schedule(entry), "task": entry.task, "enabled": entry.enabled}
    if found is None:
        made = PeriodicTask.objects.create(name=entry.name, description=_MARK + _print(fields), **fields)
        return "seeded", made, {}
    now = _now(found)
    seeded = found.description.removeprefix(_EDITED)
    edited = seeded != _MARK + _print(now)
    if edited and not force:
        _describe(found, _EDITED + seeded)
        return "edited by an operator, kept", found, now
    if now == fields and not edited:
        _describe(found, seeded)
        return "unchanged", found, now
    for name, value in fields.items():
        setattr(found, name, value)
    found.description = _MARK + _print(fields)
    found.save()
    return RESTORED if edited else "updated", found, now


def _now(found: PeriodicTask) -> dict[str, Any]:
    return {name: getattr(found, name) for name in ("interval", "crontab", "task", "enabled")}


def _told(values: dict[str, Any]) -> dict[str, Any]:
    """For the audit: schedules by their words."""
    return {name: value if isinstance(value, bool) else str(value or "") for name, value in values.items()}


def _describe(found: PeriodicTask, description: str) -> None:
    PeriodicTask.objects.filter(pk=found.pk).exclude(description=description).update(description=description)


def _schedule(entry: Entry) -> dict[str, Any]:
    if entry.cron:
        minute, hour, day, month, weekday = entry.cron.split()
        crontab, _ = CrontabSchedule.objects.get_or_create(
            minute=minute,
            hour=hour,
            day_of_month=day,
            month_of_year=month,
            day_of_week=weekday,
            timezone="UTC",
        )
        return {"crontab": crontab, "interval": None}
    unit, number = IntervalSchedule.SECONDS, entry.every
    if number != int(number):
        unit, number = IntervalSchedule.MICROSECONDS, number * 1_000_000
    interval, _ = IntervalSchedule.objects.get_or_create(every=int(number), period=unit)
    return {"interval": interval, "crontab": None}


def _print(fields: dict[str, Any]) -> str:
    text = "|".join(str(fields[name]) for name in ("task", "interval", "crontab", "enabled"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
