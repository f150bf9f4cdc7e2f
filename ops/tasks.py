"""Doors of operations: the tick that wakes every lane with work, the sweep, the trimming."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django_celery_results.models import TaskResult

from billing import drafts_due
from billing import sweep as owed
from engine.core import clock, wake
from engine.core.task import Counts, batch_task, silent_task
from engine.ledger import rollup
from payments.pipeline import sweep, tick


@silent_task(name="ops.tick")
def beat_once() -> None:
    """Wake whatever has something due: a handful of index probes, published in this thread."""
    wanted = tick.wanted()
    if drafts_due.waiting():
        wanted.append(wake.Wake("billing.finalize_drafts"))
    if rollup.waiting():
        wanted.append(wake.Wake("payments.roll_up"))
    for one in wanted:
        wake.publish(one)


@batch_task(name="ops.sweep", quiet_when_idle=True)
def audit() -> Counts:
    """Audit that the tick missed nothing."""
    return {**sweep.sweep(), **owed.sweep()}


@batch_task(name="ops.trim_results")
def trim_results() -> Counts:
    """Delete result rows older than RESULT_DAYS, a thousand at a time."""
    before = clock.machine_now() - timedelta(days=settings.ENV.result_days)
    trimmed = 0
    while ids := list(TaskResult.objects.filter(date_done__lt=before).values_list("pk", flat=True)[:1000]):
        trimmed += TaskResult.objects.filter(pk__in=ids).delete()[0]
    return {"trimmed": trimmed}
