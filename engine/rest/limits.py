"""How often a bucket may call: fixed windows, counted in the database, shared by every web process."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet

from engine.core import clock, sql
from engine.rest.models import Answer, Use

USES_KEPT = timedelta(hours=1)
ANSWERS_KEPT = timedelta(days=30)


class Left(NamedTuple):
    """What is left of a window: calls, and seconds until the next one starts."""

    limit: int
    remaining: int
    reset_seconds: int
    over: bool

    def headers(self) -> dict[str, str]:
        """The standard headers; Retry-After only for a call that was refused."""
        told = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }
        return told | ({"Retry-After": str(self.reset_seconds)} if self.over else {})


def count(bucket: str, *, limit: int, seconds: float) -> Left:
    """Count one call of `bucket` in the running window of `seconds`. Writes and commits."""
    params = {"bucket": bucket, "seconds": seconds}
    ((calls, left),) = sql.rows(sql.statement(__file__, "count_use"), params)
    return Left(limit, max(limit - calls, 0), max(math.ceil(left), 1), calls > limit)


def trim() -> dict[str, int]:
    """Delete counts older than an hour and answers older than 30 days, a thousand at a time; how many of each.

    Commits per batch.
    """
    now = clock.machine_now()
    old = {
        "answers": Answer.objects.filter(created_at__lt=now - ANSWERS_KEPT).order_by("created_at"),
        "uses": Use.objects.filter(window_start__lt=now - USES_KEPT).order_by("window_start"),
    }
    return {name: _delete(rows) for name, rows in old.items()}


def _delete(rows: QuerySet[Any]) -> int:
    trimmed = 0
    while ids := list(rows.values_list("pk", flat=True)[:1000]):
        trimmed += rows.model._default_manager.filter(pk__in=ids).delete()[0]
    return trimmed
