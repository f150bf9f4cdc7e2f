"""Month arithmetic against a library that we did not write."""

from __future__ import annotations

from datetime import UTC, datetime

from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from engine.core import calendar

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1))  # noqa: DTZ001


@given(MOMENTS, st.integers(0, 400), st.sampled_from([("month", 1), ("month", 3), ("year", 1)]))
def test_months_and_years_step_as_dateutil_steps(moment: datetime, n: int, every: tuple[str, int]) -> None:
    unit, count = every
    anchor = moment.replace(tzinfo=UTC)
    months = n * count * (12 if unit == "year" else 1)
    assert calendar.nth(anchor, n, unit=unit, count=count, zone="UTC") == anchor + relativedelta(
        months=months
    )
