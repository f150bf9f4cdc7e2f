"""When the n-th period starts: always from the stored anchor, never from the previous date (D10).

Periods of days, weeks, months and years follow the customer's wall clock in their zone (D38): the 31st
stays the month's end, 29 February waits for leap years, and a DST change does not move the hour.
Periods of seconds are for chains and follow no calendar.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from engine.core.errors import Refusal

UNITS = ("second", "day", "week", "month", "year")
_LONGEST = {"second": 366 * 86_400 * 10, "day": 3660, "week": 520, "month": 120, "year": 10}


def check_interval(unit: str, count: object) -> tuple[str, int]:
    """`(unit, count)` if it is a period we bill. Raises Refusal naming the field."""
    if unit not in UNITS:
        raise Refusal(
            "interval_unit_unknown", f"interval_unit is one of {', '.join(UNITS)}", param="interval_unit"
        )
    if type(count) is not int or not 1 <= count <= _LONGEST[unit]:
        raise Refusal(
            "interval_out_of_range",
            f"interval_count is a whole number from 1 to {_LONGEST[unit]} for {unit}s",
            param="interval_count",
        )
    return unit, count


def check_zone(zone: str) -> str:
    """`zone` if it names an IANA zone. Raises Refusal otherwise.

    Files that a machine has beside them, such as localtime and posix/UTC, mean another thing on the next machine.
    """
    if zone not in _zones():
        raise Refusal("zone_unknown", f"{zone!r} is not an IANA zone such as Africa/Lagos", param="zone")
    return zone


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime", "posixrules"})


def nth(anchor: datetime, n: int, *, unit: str, count: int, zone: str) -> datetime:
    """Start of period `n` (0 is the anchor itself), UTC. `anchor` is aware.

    A wall time that DST skips is read with the offset before the gap; one that comes twice is the first.
    """
    if unit == "second":
        return anchor.astimezone(UTC) + timedelta(seconds=n * count)
    if zone == "UTC":
        # No wall clock to follow: most rows of a million are here.
        return _step(anchor.astimezone(UTC), unit, n * count)
    there = ZoneInfo(zone)
    wall = _step(anchor.astimezone(there).replace(tzinfo=None), unit, n * count)
    return wall.replace(tzinfo=there, fold=0).astimezone(UTC)


def _step(moment: datetime, unit: str, n: int) -> datetime:
    """`moment` and `n` units on the calendar; a day that the month lacks becomes its last one."""
    if unit == "day":
        return moment + timedelta(days=n)
    if unit == "week":
        return moment + timedelta(days=7 * n)
    months = moment.month - 1 + n * (12 if unit == "year" else 1)
    year, month = moment.year + months // 12, months % 12 + 1
    day = moment.day
    if day > 28:
        day = min(day, monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)


def periods_due(anchor: datetime, period_no: int, now: datetime, *, unit: str, count: int, zone: str) -> int:
    """How many periods from `period_no` on have started at `now`: 0 or more. Never loops per period."""
    if nth(anchor, period_no, unit=unit, count=count, zone=zone) > now:
        return 0
    low, high = period_no, period_no + 1
    while nth(anchor, high, unit=unit, count=count, zone=zone) <= now:
        low, high = high, high + (high - period_no) * 2
    while high - low > 1:
        middle = (low + high) // 2
        if nth(anchor, middle, unit=unit, count=count, zone=zone) <= now:
            low = middle
        else:
            high = middle
    return low - period_no + 1
