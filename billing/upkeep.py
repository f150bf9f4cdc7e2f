"""Daily maintenance: what has ended is expired, and each day gets its report (rows 0.4 to 0.8)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import structlog
from django.db import connection, transaction
from django.db.models import Count, Max, Sum
from django_celery_results.models import TaskResult

from billing import expire, settled
from billing.models import DailyReport, Subscription
from engine.core import clock, sql

log = structlog.get_logger(__name__)
REPORT_SECONDS = 200  # below the task's limit, so that the database ends it and says why
# What scans the payments has a timeout of its own (design 5).
_TIMEOUT = f"SET LOCAL statement_timeout = '{REPORT_SECONDS}s'"


class Upkeep(NamedTuple):
    """Subscriptions expired, days reported; `skipped` where another process was reporting."""

    expired: int
    days: int
    skipped: bool


def maintain() -> Upkeep:
    """Expire what has ended on every moving clock and report the days up to now. Commits in steps.

    Safe to repeat at any time. Days that were missed are made up for, however many.
    """
    expired = sum(expire.expire_ended(each) for each in clock.moving_clocks())
    days = 0
    for day in _days_to_report():
        if not report_day(day):
            return Upkeep(expired, days, True)
        days += 1
    return Upkeep(expired, days, False)


def report_day(day: date) -> bool:
    """Compute the report of one day (UTC, machine time) from its rows, again if need be. Writes.

    False if another process is reporting.
    """
    starts_at = datetime.combine(day, time(), UTC)
    with transaction.atomic():
        with connection.cursor() as cursor:
            if not sql.lock_advisory(cursor, "billing.reports"):
                return False
            cursor.execute(_TIMEOUT)
        ends_at = starts_at + timedelta(days=1)
        paid = settled.settled(starts_at, ends_at)
        written = sql.rows(
            sql.statement(__file__, "daily_report"),
            {"day": day, "starts_at": starts_at, "ends_at": ends_at, "machine_at": clock.machine_now(),
             "currencies": [each.currency for each in paid], "paids": [each.paid for each in paid],
             "minors": [Decimal(each.minor) for each in paid], "fees": [Decimal(each.fee_minor) for each in paid],
             "averages": [each.average_seconds for each in paid]},
        )  # fmt: skip
    if beyond := [currency for currency, clipped in written if clipped]:
        log.error("a day's sum is beyond 64 bits and was written as the most there is", currencies=beyond)
    return True


def statistics() -> dict[str, Any]:
    """The figures of rows 0.52 to 0.56, from rows: today's counts, totals, average, last cycle.

    Writes today's report first; the totals are those of all reports, which `maintain` completes. Amounts are
    minor units by currency, spans are seconds, moments UTC.
    """
    today = clock.machine_now().astimezone(UTC).date()
    report_day(today)
    reports = list(DailyReport.objects.filter(day=today))
    totals = DailyReport.objects.values("currency").annotate(minor=Sum("succeeded_minor"))
    states = Subscription.objects.values_list("state").annotate(count=Count("pk")).order_by("state")
    made = sum(report.succeeded for report in reports)
    spent = sum((report.average_seconds or 0) * report.succeeded for report in reports)
    return {
        "processed_today": made,
        "failed_today": sum(report.failed for report in reports),
        "revenue_minor": {row["currency"]: row["minor"] for row in totals.order_by("currency")},
        "average_processing_seconds": spent / made if made else None,
        "last_cycle_at": _last_cycle(),
        "subscriptions": dict(states),
    }


def _days_to_report() -> list[date]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TIMEOUT)
        return [
            day
            for (day,) in sql.rows(sql.statement(__file__, "days_to_report"), {"kinds": list(settled.KINDS)})
        ]


def _last_cycle() -> datetime | None:
    done = TaskResult.objects.filter(task_name="billing.claim_due", status="SUCCESS")
    return done.aggregate(last=Max("date_done"))["last"]  # type: ignore[no-any-return]
