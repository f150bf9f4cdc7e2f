"""The timetable of beat in our look, with the scheduler's buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django_celery_beat import admin as beat
from django_celery_beat import models as timetable

from engine.audit.preview import Verbs, action
from engine.core.actor import Role
from engine.core.errors import Refusal
from engine.core.readonly import ModelAdmin
from ops import scheduler
from ops.admin.typed import Noted, OfAdmins

SCHEDULES = (
    timetable.IntervalSchedule,
    timetable.CrontabSchedule,
    timetable.SolarSchedule,
    timetable.ClockedSchedule,
)
admin.site.unregister([timetable.PeriodicTask, *SCHEDULES])


class Timetable(OfAdmins):
    seen = True


def _scheduler(verb: Callable[..., object]) -> Callable[..., object]:
    """The verb of the whole scheduler on the entry that stands for it."""

    def switch(pk: int, **said: Any) -> None:
        if not timetable.PeriodicTask.objects.filter(pk=pk, name=scheduler.ENTRIES[0]).exists():
            sentence = f"the scheduler is the entry {scheduler.ENTRIES[0]!r}: choose that one"
            raise Refusal("not_the_scheduler", sentence, param="scheduler")
        verb(**said)

    return switch


@admin.register(timetable.PeriodicTask)
class PeriodicTaskAdmin(Verbs, Noted, Timetable, beat.PeriodicTaskAdmin, ModelAdmin):
    """The timetable. What is edited here wins over the environment and is shown as edited by sync_schedule."""

    change_form_outer_before_template = "clearbeat/before.html"
    actions = (
        action("Stop the scheduler", _scheduler(scheduler.stop), role=Role.ADMIN,
               promise="Beat bills nothing by itself until it is started; what is scheduled already goes on."),
        action("Start the scheduler", _scheduler(scheduler.start), role=Role.ADMIN,
               promise="Beat bills what is due again, what was missed since included."),
    )  # fmt: skip


for _model in SCHEDULES:
    _base = getattr(beat, f"{_model.__name__}Admin", ModelAdmin)
    admin.register(_model)(type(f"{_model.__name__}Admin", (Noted, Timetable, _base, ModelAdmin), {}))
