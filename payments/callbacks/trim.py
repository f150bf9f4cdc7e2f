"""Callbacks don't stay for ever, and what was not believed is kept to a bound."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from engine.core import clock, sql
from engine.core.ids import first_at
from payments.callbacks.models import Callback, TurnedAway

_BATCH = 1000
_AT_AN_END = (Callback.State.DONE, Callback.State.UNKNOWN, Callback.State.REFUSED)


def trim() -> int:
    """Delete what ended and is older than CALLBACK_DAYS, a thousand at a time; how many. Commits per batch.

    What waits or is parked stays.
    """
    before, trimmed = clock.machine_now() - timedelta(days=settings.ENV.callback_days), 0
    old = Callback.objects.filter(pk__lt=first_at(before), state__in=_AT_AN_END).order_by("pk")
    while ids := list(old.values_list("pk", flat=True)[:_BATCH]):
        trimmed += Callback.objects.filter(pk__in=ids, state__in=_AT_AN_END).delete()[0]
    TurnedAway.objects.filter(hour_start__lt=before).delete()
    return trimmed


def trim_refused() -> int:
    """Delete refused ones beyond the newest CALLBACK_REFUSED_KEPT of each provider; how many. Commits per batch."""
    trimmed = 0
    params = {"kept": settings.ENV.callback_refused_kept, "most": _BATCH}
    while found := sql.rows(sql.statement(__file__, "beyond_kept"), params):
        ids = [row[0] for row in found]
        trimmed += Callback.objects.filter(pk__in=ids, state=Callback.State.REFUSED).delete()[0]
    return trimmed
