"""The two times of one batch, read once, and the run it belongs to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog

from engine.core import clock
from engine.core.errors import Refusal
from engine.core.ids import uuid7

_FARTHEST = timedelta(seconds=60)


class Moment(NamedTuple):
    """`business` is the clock's time, `machine` the database's; both UTC."""

    clock_id: int
    business: datetime
    machine: datetime


def read(clock_id: int, *, now: datetime | None = None) -> Moment:
    """The moment on `clock_id`, or the given `now` if it is near enough. Reads the database.

    Raises Refusal for a `now` more than 60 s off the clock: a host whose time is wrong must not bill.
    """
    machine = clock.machine_now()
    business = clock.business_times([clock_id], machine).get(clock_id)
    if business is None:
        raise Refusal("clock_unknown", f"there is no clock {clock_id}", param="clock_id")
    if now is None:
        return Moment(clock_id, business, machine)
    if abs(now - business) > _FARTHEST:
        raise Refusal("clock_jump", f"now is more than 60 s off the clock's {business:%Y-%m-%d %H:%M:%S} UTC",
                      param="now")  # fmt: skip
    return Moment(clock_id, now, machine)


def correlation() -> UUID:
    """The id that everything of this run carries: the task's, or a new one."""
    bound = structlog.contextvars.get_contextvars().get("correlation_id")
    return UUID(str(bound)) if bound else uuid7()
