"""The two times. Machine time is the database's and read here alone; business time is a clock's (I7)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction

from engine.core.errors import Refusal
from engine.core.models import Clock

REAL = 0


def machine_now() -> datetime:
    """Machine time, UTC: the database's clock through its one function. Reads the database.

    Ages of locks, deadlines of sends and `next_action_at` are in it; a customer's dates never are.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT machine_now()")
        (moment,) = cursor.fetchone()
    return moment  # type: ignore[no-any-return]


def boot_seconds() -> float:
    """Seconds since this machine booted, sleep included: a span that no clock step can bend."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def business_times(clock_ids: Iterable[int], machine: datetime) -> dict[int, datetime]:
    """Business time of each clock at machine time `machine`. Reads the database but for clock 0.

    Raises Refusal for a clock that is not there.
    """
    found = {REAL: machine}
    others = set(clock_ids) - {REAL}
    if others:
        for clock in Clock.objects.filter(pk__in=others):
            found[clock.pk] = _time_of(clock, machine)
        unknown = others - found.keys()
        if unknown:
            raise Refusal("clock_unknown", f"there is no clock {min(unknown)}", param="clock_id")
    return found


def business_now(clock_id: int) -> datetime:
    """Business time of one clock now. Reads the database."""
    return business_times([clock_id], machine_now())[clock_id]


def moving_clocks() -> list[int]:
    """Clock 0 and every running clock: the ones that beat claims."""
    running = Clock.objects.filter(kind=Clock.Kind.RUNNING).order_by("pk")
    return [REAL, *running.values_list("pk", flat=True)]


def extend_lease(clock_id: int, *, seconds: float) -> None:
    """Keep a running clock going for `seconds` more; a gap since the last lease becomes offset. Writes.

    Called each second by the supervisor of the demo: after a night's stop business time goes on where
    it stood instead of making a thousand periods of debt.
    """
    with transaction.atomic():
        clock = Clock.objects.select_for_update().get(pk=clock_id, kind=Clock.Kind.RUNNING)
        now = machine_now()
        if clock.lease_until is not None and now > clock.lease_until:
            clock.offset_seconds += (now - clock.lease_until).total_seconds()
        clock.lease_until = now + timedelta(seconds=seconds)
        clock.save(update_fields=["offset_seconds", "lease_until"])


def stop(clock_id: int) -> None:
    """Freeze a running clock at this moment. Writes."""
    extend_lease(clock_id, seconds=0)


def advance(clock_id: int, *, to: datetime) -> None:
    """Move a test clock forward to `to` (UTC). Writes. Raises Refusal for a step back."""
    with transaction.atomic():
        clock = Clock.objects.select_for_update().get(pk=clock_id, kind=Clock.Kind.TEST)
        if clock.stands_at is not None and to < clock.stands_at:
            raise Refusal("clock_step_back", "a test clock only moves forward", param="to")
        clock.stands_at = to
        clock.save(update_fields=["stands_at"])


def _time_of(clock: Clock, machine: datetime) -> datetime:
    if clock.kind == Clock.Kind.TEST and clock.stands_at is not None:
        return clock.stands_at
    if clock.kind == Clock.Kind.RUNNING and clock.lease_until is not None:
        return min(machine, clock.lease_until) - timedelta(seconds=clock.offset_seconds)
    return machine
