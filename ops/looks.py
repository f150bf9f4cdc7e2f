"""Which payments wait for a look at their outcome."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from engine.core import clock, sql
from payments.pipeline.lanes import Lane


class DueLook(NamedTuple):
    """Payments in flight whose next look is due, by lane and state of the attempt; minor units."""

    provider: str
    operation: str
    attempt_state: str
    currency: str
    payments: int
    amount_minor: int
    oldest_at: datetime


def due(chosen: Sequence[Lane]) -> list[DueLook]:
    """What verify would look up now in these lanes. Reads."""
    params = {
        "operations": [lane.operation for lane in chosen],
        "providers": [lane.provider for lane in chosen],
        "now": clock.machine_now(),
    }
    return [DueLook(*sql.whole(row)) for row in sql.rows(sql.statement(__file__, "due_looks"), params)]
