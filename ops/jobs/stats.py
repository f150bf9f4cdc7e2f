"""How many jobs there are in each status (row 1.15), from bounded, indexed reads."""

from __future__ import annotations

from django.db.models import Count, Q

from engine.core import sql
from engine.core.ids import first_at
from ops import figures
from ops.jobs.view import STATUSES
from ops.models import Job

MOST = 10_000


def counts() -> dict[str, int | bool]:
    """Open jobs by status, and those that completed and failed today (UTC). Reads.

    `capped`: there are more open payments than the 10,000 that were counted.
    """
    found = dict.fromkeys(STATUSES, 0)
    opened = 0
    for status, number in sql.rows(sql.statement(__file__, "open_counts"), {"most": MOST}):
        found[status] += number
        opened += number
    ended = figures.today()
    found["completed"] += ended.succeeded
    found["failed"] += ended.failed
    for state, number in _asked():
        found[state] += number
    return {**found, "capped": opened >= MOST}


def _asked() -> list[tuple[str, int]]:
    today = Q(pk__gte=first_at(figures.start_of_today()))
    found = Job.objects.filter(today | Q(next_action_at__isnull=False)).values_list("state")
    return list(found.annotate(number=Count("pk")).order_by("state"))
