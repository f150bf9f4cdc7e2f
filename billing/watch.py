"""Before the due date: is what will be pulled approved and there? The payer is warned while there is time.

Advice alone (danger D23): the pull decides. Inside the grace window the pipeline's own checks take over. Of a card
nobody can say beforehand whether it will do: gateways are not asked.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta

import structlog
from django.conf import settings

from engine.core import clock, sql
from engine.core.errors import Refusal
from engine.providers import registry
from payments import methods

log = structlog.get_logger(__name__)

BATCH = 200
SLICE = 10  # asked between two looks at the time
LONGEST_SECONDS = 60


def watch_upcoming() -> dict[str, int]:
    """Check the payment methods of what is due within WATCH_AHEAD_SECONDS; how many, and how many would fail.

    Calls out and commits per method. A method is looked at once per span, oldest look first, for all that is due
    of its source; its payer is warned anew for each due date.
    Ends when none is left or after 60 s; how many were not looked at stands in the log, and comes first next.
    """
    until = time.monotonic() + LONGEST_SECONDS
    done: Counter[str] = Counter()
    for clock_id in clock.moving_clocks():
        done += _watch(clock_id, until)
    if done["left"]:
        log.warning("upcoming payments not checked in this run", left=done["left"], checked=done["checked"])
    return {"checked": done["checked"], "troubled": done["troubled"]}


def _watch(clock_id: int, until: float) -> Counter[str]:
    """Check what is due soon on one clock; `left`: how many were not looked at."""
    machine = clock.machine_now()
    business = clock.business_times([clock_id], machine)[clock_id]
    params = {
        "clock_id": clock_id,
        "business_now": business,
        "providers": registry.approving_names(),
        "business_until": business + timedelta(seconds=settings.ENV.watch_ahead_seconds),
        "looked_before": machine - timedelta(seconds=settings.ENV.watch_ahead_every_seconds),
        "most": BATCH,
    }
    done: Counter[str] = Counter()
    while found := sql.rows(sql.statement(__file__, "methods_due_soon"), params):
        needs = [methods.Need(method_id, int(needed), due_at) for method_id, needed, due_at, _ in found]
        batch = _check(needs, until)
        done += batch
        if batch["looked"] < len(found) or not batch["checked"]:
            # Out of time, the chain is silent, or all of them were removed meanwhile.
            done["left"] = found[0][3] - batch["looked"]
            break
    return done


def _check(needs: list[methods.Need], until: float) -> Counter[str]:
    """Check these methods while there is time; how many were looked at, checked, and would fail."""
    done: Counter[str] = Counter()
    for start in range(0, len(needs), SLICE):
        if time.monotonic() >= until:
            break
        some = needs[start : start + SLICE]
        try:
            results = methods.check(some)
        except Refusal as silent:
            # The chain can't be asked: advice can wait, and the next look begins where this one stopped.
            log.warning("upcoming payments can't be checked", reason=silent.message)
            break
        troubled = sum(not check.ok for _, check in results)
        done += Counter(looked=len(some), checked=len(results), troubled=troubled)
    return done
