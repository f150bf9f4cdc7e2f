"""What was settled, failed and earned, by day and currency, from billing's daily reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from django.db.models import Max

from billing import upkeep
from billing.models import DailyReport
from engine.core import clock
from engine.core.errors import Refusal

MOST_DAYS = 366


class Line(NamedTuple):
    """One day (None: all of them) of one currency. Amounts in minor units."""

    day: date | None
    currency: str
    succeeded: int
    succeeded_minor: int
    failed: int
    failed_minor: int
    canceled: int
    canceled_minor: int
    fee_minor: int


def lines(first: date, last: date, *, done: Callable[[], None] = lambda: None) -> list[Line]:
    """The lines of these days, oldest first. Writes the reports of days that have no finished one.

    Raises Refusal for a range that runs backwards, ends in the future or is longer than a year.
    """
    today = clock.machine_now().astimezone(UTC).date()
    days = (last - first).days + 1
    if not 0 < days <= MOST_DAYS or last > today:
        raise Refusal("range_invalid", f"name 1 to {MOST_DAYS} days that are not ahead of us, the first one first",
                      param="from")  # fmt: skip
    finished = _finished(first, last)
    for number in range(days):
        day = first + timedelta(days=number)
        if day not in finished:
            upkeep.report_day(day)
        done()
    found = DailyReport.objects.filter(day__gte=first, day__lte=last).order_by("day", "currency")
    return [Line(*row) for row in found.values_list(*Line._fields)]


def totals(found: Sequence[Line]) -> list[Line]:
    """One line a currency."""
    made = []
    for currency in sorted({line.currency for line in found}):
        of_it = [line[2:] for line in found if line.currency == currency]
        made.append(Line(None, currency, *(sum(column) for column in zip(*of_it, strict=True))))
    return made


def _finished(first: date, last: date) -> set[date]:
    """Days whose report was computed after their end. A day on which nothing ended has none."""
    found = (
        DailyReport.objects.filter(day__gte=first, day__lte=last)
        .values_list("day")
        .annotate(at=Max("computed_at"))
    )
    return {day for day, at in found if at >= datetime.combine(day + timedelta(days=1), time(), UTC)}
