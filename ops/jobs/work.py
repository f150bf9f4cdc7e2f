"""Working an operator's job: take it with a lease, do what the timetable's task does, write what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from django.conf import settings

from billing import due, upkeep
from engine.core import clock, sql
from ops.models import Job

MOST_TAKES = 4
# Longer than CELERY_TASK_TIME_LIMIT: whoever has the job is dead when it is offered again.
_LEASE = timedelta(seconds=300)
_LONGEST_SECONDS = 200
_AGAIN = timedelta(seconds=5)
log = structlog.get_logger(__name__)


class Taken(NamedTuple):
    """A job in our hands, and the how-manieth taking it is: the fence of what we write."""

    id: UUID
    kind: str
    taken_count: int
    correlation_id: UUID


def waiting() -> bool:
    """True if a job may be taken now. Reads one index."""
    return Job.objects.filter(next_action_at__lte=clock.machine_now()).exists()


def work_one(*, task_id: str = "") -> dict[str, Any]:
    """Take one job and do it; its counts, or {} if none was there. Commits.

    What fails is tried again 5, 10 and 20 s later; after four takes the job has failed with a plain error, also
    where its workers were killed.
    """
    job = _take(task_id)
    if job is None:
        return {}
    if job.taken_count > MOST_TAKES:
        _fail(
            job,
            f"Its worker was killed or cut off {MOST_TAKES} times while doing it; look at the worker's log.",
        )
        return {"failed": 1}
    structlog.contextvars.bind_contextvars(job_id=str(job.id), correlation_id=str(job.correlation_id))
    try:
        counts = VERBS[job.kind]()
    except Exception as fault:
        log.exception("job failed", kind=job.kind, taken_count=job.taken_count)
        _after(job, fault)
        return {"failed": 1}
    finally:
        structlog.contextvars.unbind_contextvars("job_id")
    _finish(job, state=Job.State.COMPLETED, counts=counts, error="")
    return {"jobs": 1, **counts}


def _process_due() -> dict[str, Any]:
    return dict(due.process_due(seconds=min(settings.ENV.max_processing_time / 1000, _LONGEST_SECONDS)))


def _maintenance() -> dict[str, Any]:
    return upkeep.maintain()._asdict()


VERBS: dict[str, Callable[[], dict[str, Any]]] = {
    Job.Kind.PROCESS_DUE: _process_due,
    Job.Kind.MAINTENANCE: _maintenance,
}


def _take(task_id: str) -> Taken | None:
    now = clock.machine_now()
    params = {"now": now, "lease_until": now + _LEASE, "task_id": task_id[:64]}
    found = sql.rows(sql.statement(__file__, "take_job"), params)
    return Taken(*found[0]) if found else None


def _after(job: Taken, fault: Exception) -> None:
    sentence = f"{type(fault).__name__}: {fault}".strip()[:2000]
    if job.taken_count >= MOST_TAKES:
        _fail(job, sentence)
        return
    again_at = clock.machine_now() + _AGAIN * 2 ** (job.taken_count - 1)
    _mine(job).update(next_action_at=again_at, error=sentence)


def _fail(job: Taken, sentence: str) -> None:
    _finish(job, state=Job.State.FAILED, error=sentence)


def _finish(job: Taken, **changes: Any) -> None:
    done = _mine(job).update(ended_at=clock.machine_now(), next_action_at=None, **changes)
    if not done:
        log.warning("job was taken by another meanwhile", job_id=str(job.id), kind=job.kind)


def _mine(job: Taken):  # type: ignore[no-untyped-def]
    """The row while it is still ours: a worker that was stopped and wakes up late writes nothing."""
    return Job.objects.filter(pk=job.id, state=Job.State.ACTIVE, taken_count=job.taken_count)
