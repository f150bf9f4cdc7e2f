"""The one way in which a dispute's state moves, and its row is written."""

from __future__ import annotations

from engine.core import clock
from payments import states
from payments.models import Dispute


def move(row: Dispute, state: str) -> None:
    """Move a locked dispute; `write` keeps it. Raises IllegalMove."""
    states.DISPUTE.check(row.state, state)
    row.state, row.version = state, row.version + 1
    if state not in states.OPEN_DISPUTE:
        row.ended_at = clock.machine_now()


def write(row: Dispute) -> None:
    """Keep what a look found of a locked dispute. Writes."""
    row.save()
