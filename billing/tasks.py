"""Doors: each wakes one verb and returns its counts."""

from __future__ import annotations

import time

from django.conf import settings

from billing import cycle, due, numbering, upkeep, watch
from engine.core.task import Counts, batch_task

# A task is killed after CELERY_TASK_TIME_LIMIT: a longer cycle ends itself before, and the next one goes on.
_LONGEST_SECONDS = 200
# A wake-up's finalize ends sooner: applying must not wait behind it, and the next tick goes on.
_WOKEN_SECONDS = 20


def _seconds(longest: float) -> float:
    return min(settings.ENV.max_processing_time / 1000, longest)


@batch_task(name="billing.claim_due")
def claim_due() -> Counts:
    """Bill what is due on real time and on every running clock, then open the drafts."""
    return dict(due.process_due(seconds=_seconds(_LONGEST_SECONDS)))


@batch_task(name="billing.finalize_drafts", quiet_when_idle=True)
def finalize_drafts() -> Counts:
    """Open the drafts that wait."""
    opened = cycle.finalize(until=time.monotonic() + _seconds(_WOKEN_SECONDS))
    return {"finalized": opened.finalized, "payments": opened.payments, "drafts_held": opened.held}


@batch_task(name="billing.number_invoices", quiet_when_idle=True)
def number_invoices() -> Counts:
    """Number what was issued."""
    done = numbering.number_invoices()
    return {"numbered": done.given, "skipped": len(done.skipped)}


@batch_task(name="billing.maintenance")
def maintenance() -> Counts:
    """Expire what has ended, report the days, and tell the figures (rows 0.52 to 0.56)."""
    done = upkeep.maintain()
    figures = upkeep.statistics()
    last = figures["last_cycle_at"]
    return {**done._asdict(), **figures, "last_cycle_at": last and last.isoformat()}


@batch_task(name="billing.watch_upcoming", quiet_when_idle=True)
def watch_upcoming() -> Counts:
    """Check the payment methods of what is due soon, and warn."""
    return dict(watch.watch_upcoming())
