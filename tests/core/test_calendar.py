from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core import calendar
from engine.core.errors import Refusal

ZONES = ["UTC", "Africa/Lagos", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
         "America/Santiago", "Africa/Cairo"]  # fmt: skip


def starts(anchor: datetime, count: int, *, unit: str, every: int = 1, zone: str = "UTC") -> list[datetime]:
    return [calendar.nth(anchor, n, unit=unit, count=every, zone=zone) for n in range(count)]


def test_the_31st_stays_the_months_end() -> None:
    found = starts(datetime(2026, 1, 31, 12, tzinfo=UTC), 6, unit="month")
    assert [f"{day:%m-%d}" for day in found] == ["01-31", "02-28", "03-31", "04-30", "05-31", "06-30"]


def test_29_february_waits_for_leap_years() -> None:
    found = starts(datetime(2024, 2, 29, tzinfo=UTC), 5, unit="year")
    assert [f"{day:%Y-%m-%d}" for day in found] == [
        "2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29",
    ]  # fmt: skip


def test_weeks_years_and_several_at_once() -> None:
    anchor = datetime(2026, 3, 2, tzinfo=UTC)
    assert calendar.nth(anchor, 3, unit="week", count=2, zone="UTC") == anchor + timedelta(weeks=6)
    assert calendar.nth(anchor, 2, unit="year", count=1, zone="UTC") == datetime(2028, 3, 2, tzinfo=UTC)
    assert calendar.nth(anchor, 4, unit="month", count=3, zone="UTC") == datetime(2027, 3, 2, tzinfo=UTC)
    assert calendar.nth(anchor, 2, unit="day", count=30, zone="UTC") == anchor + timedelta(days=60)


def test_seconds_follow_no_calendar() -> None:
    anchor = datetime(2026, 3, 28, 12, tzinfo=UTC)
    found = calendar.nth(anchor, 3, unit="second", count=86_400, zone="Europe/Berlin")
    assert found == anchor + timedelta(days=3)


def test_dst_does_not_move_the_hour() -> None:
    anchor = datetime(2026, 3, 28, 9, tzinfo=ZoneInfo("Europe/Berlin"))
    found = starts(anchor, 3, unit="day", zone="Europe/Berlin")
    assert [day.hour for day in found] == [8, 7, 7]
    assert [day.astimezone(ZoneInfo("Europe/Berlin")).hour for day in found] == [9, 9, 9]


def test_a_time_that_dst_skips_is_read_with_the_offset_before_the_gap() -> None:
    anchor = datetime(2026, 3, 28, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    found = starts(anchor, 3, unit="day", zone="Europe/Berlin")
    assert found[1] == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 02:30 does not exist: 03:30 summer time
    assert found[2] == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)


def test_a_time_that_comes_twice_is_the_first() -> None:
    anchor = datetime(2026, 10, 24, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert starts(anchor, 2, unit="day", zone="Europe/Berlin")[1] == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_the_customers_day_counts_not_utcs() -> None:
    # 31 January 20:00 in New York is 1 February in UTC: the next one is still the month's end there.
    anchor = datetime(2026, 2, 1, 1, tzinfo=UTC)
    assert starts(anchor, 2, unit="month", zone="America/New_York")[1] == datetime(2026, 3, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("unit", "count", "param"),
    [("month", 0, "interval_count"), ("month", -1, "interval_count"), ("day", 1.5, "interval_count"),
     ("day", True, "interval_count"), ("hour", 1, "interval_unit"), ("year", 11, "interval_count")],
)  # fmt: skip
def test_an_interval_that_makes_no_sense_is_refused_by_field(unit: str, count: object, param: str) -> None:
    with pytest.raises(Refusal) as refused:
        calendar.check_interval(unit, count)
    assert refused.value.param == param


anchors = st.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2080, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([ZoneInfo(zone) for zone in ZONES]),
)


@given(anchors, st.integers(0, 50), st.integers(0, 60), st.sampled_from(["second", "day", "week", "month"]),
       st.sampled_from(ZONES))  # fmt: skip
def test_periods_due_counts_what_has_started(
    anchor: datetime, first: int, more: int, unit: str, zone: str
) -> None:
    anchor = anchor.astimezone(UTC)
    now = calendar.nth(anchor, first + more, unit=unit, count=1, zone=zone)
    assert calendar.periods_due(anchor, first, now, unit=unit, count=1, zone=zone) == more + 1
    just_before = now - timedelta(microseconds=1)
    assert calendar.periods_due(anchor, first, just_before, unit=unit, count=1, zone=zone) == more


@pytest.mark.parametrize("zone", ["UTC", "Africa/Lagos", "Europe/Berlin", "Asia/Calcutta"])
def test_a_zone_of_the_database_is_taken(zone):
    assert calendar.check_zone(zone) == zone


@pytest.mark.parametrize(
    "zone",
    [
        "",
        "localtime",
        "posixrules",
        "posix/UTC",
        "right/UTC",
        "../UTC",
        "/etc/localtime",
        "a\x00b",
        "Mars/Base",
    ],
)
def test_a_zone_that_is_this_machines_alone_is_refused(zone):
    with pytest.raises(Refusal, match="IANA"):
        calendar.check_zone(zone)
