"""Before the due date: is what will be pulled approved and there? The payer is warned while there is time.

Advice alone (danger D23): the pull decides. Inside the grace window the pipeline's own checks take over.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.conf import settings

from engine.core import clock, sql
from engine.core.errors import Refusal
from payments import methods

log = structlog.get_logger(__name__)

BATCH = 200


def watch_upcoming() -> dict[str, int]:
    """Check the payment methods of what is due within WATCH_AHEAD_SECONDS; how many, and how many would fail.

    Calls out and commits per method. A method is looked at once per due date and span, oldest look first.
    """
    checked = troubled = 0
    for clock_id in clock.moving_clocks():
        machine = clock.machine_now()
        business = clock.business_times([clock_id], machine)[clock_id]
        ahead = timedelta(seconds=settings.ENV.watch_ahead_seconds)
        found = sql.rows(
            sql.statement(__file__, "methods_due_soon"),
            {
                "clock_id": clock_id,
                "business_now": business,
                "business_until": business + ahead,
                "looked_before": machine - timedelta(seconds=settings.ENV.watch_ahead_every_seconds),
                "most": BATCH,
            },
        )
        try:
            results = methods.check([(method_id, int(needed)) for method_id, needed in found])
        except Refusal as silent:
            # The chain can't be asked: advice can wait, and the next look begins where this one stopped.
            log.warning("upcoming payments can't be checked", reason=silent.message)
            continue
        checked += len(results)
        troubled += sum(not check.ok for _, check in results)
    return {"checked": checked, "troubled": troubled}
