"""The figures of rows 0.52 to 0.56 and the scheduler's history (rows 0.31, 0.32), from rows.

Whole days come from billing's daily reports; what was paid or ended since comes from the ledger and the evidence of
that time, never from the history.
"""

from __future__ import annotations

import resource
import time
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from typing import Any, NamedTuple

from django.db.models import Sum
from django_celery_results.models import TaskResult

from billing import settled
from billing.models import DailyReport
from billing.settled import Settled
from engine.core import clock, sql
from engine.core.ids import first_at
from ops.models import Job

# A day of a million payments takes seconds to add up: then the sum is kept for twenty times as long.
_SLOW_SECONDS, _KEPT_TIMES = 0.25, 20
_EARLIER = timedelta(hours=1)
_BEGAN = time.monotonic()
_DAYS = 30
_ERRORS = 100
_kept: dict[datetime, tuple[float, list[tuple[Any, ...]]]] = {}


class Ended(NamedTuple):
    """What was paid and what failed in a span. Amounts in minor units by currency, net of what was taken back."""

    succeeded: int
    failed: int
    succeeded_minor: dict[str, int]
    spent_seconds: float


def start_of_today() -> datetime:
    """Midnight UTC of machine time."""
    return clock.machine_now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def ended_since(since: datetime) -> Ended:
    """What was paid since then, and what failed. Reads."""
    found = _since(since)
    return Ended(
        sum(row[1] for row in found), sum(row[3] for row in found), {row[0]: row[2] for row in found},
        sum(row[4] for row in found),
    )  # fmt: skip


def today() -> Ended:
    """What ended today (UTC, machine time). Reads."""
    return ended_since(start_of_today())


def metrics() -> dict[str, Any]:
    """Today's counts, the revenue in all, the average time of a payment, the last cycle. Reads.

    The average is of today's succeeded payments, from scheduled to succeeded, in seconds (danger D22).
    """
    ended = today()
    average = ended.spent_seconds / ended.succeeded if ended.succeeded else None
    return {
        "processed_today": ended.succeeded,
        "failed_today": ended.failed,
        "revenue_minor": _revenue(),
        "average_processing_seconds": average,
        "last_cycle_at": last_cycle_at(),
    }


def process() -> dict[str, Any]:
    """This web process: how long it has been up, and its memory in bytes."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {"uptime_seconds": time.monotonic() - _BEGAN, "memory_bytes": {"max_rss": usage.ru_maxrss * 1024,
            "rss": _rss()}}  # fmt: skip


def last_cycle_at() -> datetime | None:
    """When a processing cycle ended last, by the timetable or by hand. Reads."""
    done = TaskResult.objects.filter(task_name="billing.claim_due", status="SUCCESS").order_by("-date_done")
    asked = Job.objects.filter(kind=Job.Kind.PROCESS_DUE, state=Job.State.COMPLETED).order_by("-pk")
    moments = [*done.values_list("date_done", flat=True)[:1], *asked.values_list("ended_at", flat=True)[:1]]
    return max((each for each in moments if each is not None), default=None)


def daily() -> list[dict[str, Any]]:
    """The reports of the last 30 days, today's as of now, newest first. Reads."""
    midnight = start_of_today()
    reports = DailyReport.objects.filter(
        day__gt=midnight.date() - timedelta(days=_DAYS), day__lt=midnight.date()
    ).order_by("-day", "currency")
    found = [
        {"day": each.day, "currency": each.currency, "succeeded": each.succeeded, "failed": each.failed,
         "succeeded_minor": each.succeeded_minor}
        for each in reports
    ]  # fmt: skip
    now = [
        {"day": midnight.date(), "currency": row[0], "succeeded": row[1], "failed": row[3],
         "succeeded_minor": row[2]}
        for row in _since(midnight)
    ]  # fmt: skip
    return now + found


def errors() -> list[dict[str, Any]]:
    """What went wrong last: refusals and open outcomes of payments, and jobs that failed; newest first. Reads."""
    params = {"most": _ERRORS, "depth": 20_000}
    keys = ("at", "job_id", "outcome", "code", "message")
    found = [
        dict(zip(keys, row, strict=True))
        for row in sql.rows(sql.statement(__file__, "recent_errors"), params)
    ]
    failed = Job.objects.filter(state=Job.State.FAILED).order_by("-pk")[:_ERRORS]
    found += [
        {"at": job.ended_at, "job_id": job.pk, "outcome": "failed", "code": job.kind, "message": job.error}
        for job in failed
    ]
    return sorted(found, key=lambda error: error["at"], reverse=True)[:_ERRORS]


def _since(since: datetime) -> list[tuple[Any, ...]]:
    until, found = _kept.get(since, (0.0, []))
    if time.monotonic() < until:
        return found
    began = time.monotonic()
    params = {"since": since, "floor": first_at(since - _EARLIER)}
    failed = dict(sql.rows(sql.statement(__file__, "failed_since"), params))
    paid = {each.currency: each for each in settled.settled(since, clock.machine_now() + _EARLIER)}
    found = [
        _row(currency, paid.get(currency), failed.get(currency, 0)) for currency in sorted({*paid, *failed})
    ]
    took = time.monotonic() - began
    if took > _SLOW_SECONDS:
        _kept.clear()
        _kept[since] = (time.monotonic() + took * _KEPT_TIMES, found)
    return found


def _row(currency: str, paid: Settled | None, failed: int) -> tuple[Any, ...]:
    if paid is None:
        return currency, 0, 0, failed, 0.0
    return currency, paid.paid, paid.minor, failed, (paid.average_seconds or 0) * paid.paid


def _revenue() -> dict[str, int]:
    """All that was paid and not taken back, by currency: the reports, and what was booked since the newest of them."""
    sums = DailyReport.objects.values_list("currency").annotate(minor=Sum("succeeded_minor"))
    revenue: dict[str, int] = dict(sums.order_by("currency"))
    for currency, minor in ended_since(_reported_until()).succeeded_minor.items():
        revenue[currency] = revenue.get(currency, 0) + minor
    return revenue


def _reported_until() -> datetime:
    """Up to where the newest day's report goes: a report of an older one says nothing of what came since."""
    newest = DailyReport.objects.order_by("-day", "computed_at").first()
    if newest is None:
        return datetime(2000, 1, 1, tzinfo=UTC)
    return min(newest.computed_at, datetime.combine(newest.day + timedelta(days=1), time_of_day(), UTC))


def _rss() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return 0
