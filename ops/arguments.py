"""Numbers and days of the command line: what is none, or is out of all proportion, is refused with what is one."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from datetime import date

MOST = 1_000_000  # of any unit: spans up to it can be added to any moment
_LARGEST = 2**53  # up to here a float is every whole number
FIRST_YEAR = 2000


def above_zero(text: str) -> float:
    """A span or a limit of the command line: finite, and no longer than time itself can be counted."""
    value = _number(text)
    if not 0 < value <= MOST:
        raise ArgumentTypeError(f"must be above zero, and {MOST:,} at most")
    return value


def zero_or_more(text: str) -> float:
    """A span of the command line that may be nothing."""
    value = _number(text)
    if not 0 <= value <= MOST:
        raise ArgumentTypeError(f"must not be below zero, and {MOST:,} at most")
    return value


def whole(text: str) -> int:
    """A count of the command line: 1 or more."""
    value = _number(text)
    if not (1 <= value <= MOST and value == int(value)):
        raise ArgumentTypeError(f"must be a whole number, 1 or more, and {MOST:,} at most")
    return int(value)


def clock_id(text: str) -> int:
    """The id of a clock, 0 being real time. Whether there is one, the database knows."""
    value = _number(text)
    if not (0 <= value <= _LARGEST and value == int(value)):
        raise ArgumentTypeError("must be the id of a clock: a whole number, 0 for real time")
    return int(value)


def day(text: str) -> date:
    """A day, `2026-11-21`. Nothing was paid here before 2000, and days after it can be counted back from."""
    try:
        value = date.fromisoformat(text)
    except ValueError:
        value = date.min
    if value.year < FIRST_YEAR:
        raise ArgumentTypeError(f"must be a day such as 2026-11-21, of {FIRST_YEAR} or later")
    return value


def _number(text: str) -> float:
    """What is no number is like one that is in no range."""
    try:
        return float(text)
    except (ValueError, OverflowError):
        return math.nan
