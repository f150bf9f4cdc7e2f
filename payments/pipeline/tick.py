"""Which lanes have work: a handful of index probes, every two seconds, in any number of processes."""

from __future__ import annotations

from engine.core import clock, sql
from engine.core.wake import Wake
from payments.pipeline.lanes import all_lanes


def wanted() -> list[Wake]:
    """A wake-up for each lane with something due, and for apply where evidence or a stop waits. Reads."""
    lanes = all_lanes()
    now = clock.machine_now()
    found = sql.rows(
        sql.statement(__file__, "due_lanes"),
        {
            "operations": [lane.operation for lane in lanes],
            "providers": [lane.provider for lane in lanes],
            "now": now,
        },
    )
    wakes = []
    for operation, provider, to_send, to_verify in found:
        lane = (("operation", operation), ("provider", provider))
        if to_send:
            wakes.append(Wake("payments.send", lane))
        if to_verify:
            wakes.append(Wake("payments.verify", lane))
    evidence = sql.rows(sql.statement(__file__, "evidence_waits"), {"now": now})
    if evidence or sql.rows(sql.statement(__file__, "stops_wait")):
        wakes.append(Wake("payments.apply"))
    return wakes
