"""Set a payment aside for a person, with a sentence that says why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog

from engine.core import sql

log = structlog.get_logger(__name__)


def park(payment_ids: Sequence[UUID], reason: str, *, machine_at: datetime) -> list[UUID]:
    """Park those that are not parked yet; their ids. Writes in the caller's transaction.

    A parked payment keeps its state and its reservation, and nothing acts on it until it is unparked.
    """
    if not payment_ids:
        return []
    params = {"ids": list(payment_ids), "reason": reason, "now": machine_at}
    parked = [row[0] for row in sql.rows(sql.statement(__file__, "park_payments"), params)]
    for payment_id in parked:
        log.error("payment parked", payment_id=str(payment_id), reason=reason)
    return parked
