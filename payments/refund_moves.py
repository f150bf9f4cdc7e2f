"""The one way in which a refund's state moves."""

from __future__ import annotations

from engine.core import clock
from payments import states
from payments.models import Refund


def move(refund: Refund, state: str) -> None:
    """Move a locked refund, with whatever else was changed on it. Writes. Raises IllegalMove."""
    states.REFUND.check(refund.state, state)
    refund.state, refund.version = state, refund.version + 1
    if state != Refund.State.BY_HAND:
        refund.ended_at = clock.machine_now()
    if state == Refund.State.SUCCEEDED:
        refund.failure_code = refund.failure_message = ""
    refund.save()
