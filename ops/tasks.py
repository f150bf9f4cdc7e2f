"""Doors of operations: the tick that wakes every lane with work, the sweep, the trimming."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django_celery_results.models import TaskResult

from billing import sweep as owed
from engine.core import clock, wake
from engine.core.task import Counts, batch_task, silent_task, task_id
from engine.rest import limits
from ops import heartbeat, wanted
from ops.jobs import work
from payments.callbacks import again, trim
from payments.pipeline import sweep


@silent_task(name="ops.tick")
def beat_once() -> None:
    """Wake whatever has something due: a handful of index probes, published in this thread."""
    heartbeat.beat(heartbeat.TICK)
    for one in wanted.wanted():
        wake.publish(one)


@batch_task(name="ops.work_jobs", quiet_when_idle=True)
def work_jobs() -> Counts:
    """Do one job that an operator asked for; the next tick wakes for the next one."""
    return work.work_one(task_id=task_id())


@batch_task(name="ops.sweep", quiet_when_idle=True)
def audit() -> Counts:
    """Audit that the tick missed nothing, and that nobody fills the inbox."""
    found = {"callbacks": again.drive_again(), "callbacks_refused": trim.trim_refused()}
    return {**sweep.sweep(), **owed.sweep(), **found}


@batch_task(name="ops.trim_results")
def trim_results() -> Counts:
    """Delete result rows older than RESULT_DAYS, and what the API keeps for a while, a thousand at a time."""
    before = clock.machine_now() - timedelta(days=settings.ENV.result_days)
    trimmed = 0
    while ids := list(TaskResult.objects.filter(date_done__lt=before).values_list("pk", flat=True)[:1000]):
        trimmed += TaskResult.objects.filter(pk__in=ids).delete()[0]
    return {"trimmed": trimmed, "callbacks": trim.trim(), **limits.trim()}
