"""The net under the schedule of looks (row 3.1): once an hour, whatever is open and not to be asked about for long.

A look further off than any gap of the schedule was set by a provider that asked for patience or by a clock that was
wrong. Nobody's outcome waits on either for more than an hour; and by a look alone is anything left (row 3.6).
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from engine.core import clock, sql
from payments.pipeline import lanes, spans

log = structlog.get_logger(__name__)


def look_now() -> int:
    """Make a look due at every open, unparked payment whose next one lies beyond the longest gap; how many. Commits.

    What has no next action at all is the sweep's. Any number may run at once.
    """
    now, chosen = clock.machine_now(), lanes.all_lanes()
    params = {
        "operations": sorted({lane.operation for lane in chosen}),
        "providers": sorted({lane.provider for lane in chosen}),
        "now": now,
        "beyond": now + timedelta(seconds=spans.longest_look()),
    }
    found = sql.affected(sql.statement(__file__, "look_now"), params)
    if found:
        log.warning("looks were further off than the schedule has them", payments=found)
    return found
