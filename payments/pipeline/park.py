"""Set a payment aside for a person, with a sentence that says why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog

from engine.core import clock, sql
from engine.outbox.emit import NewEvent, emit
from payments import states
from payments.models import Payment

log = structlog.get_logger(__name__)
ANY = tuple(states.PAYMENT.states)  # also ended: its source or its books could not take what arrived


def park(
    payment_ids: Sequence[UUID],
    reason: str,
    *,
    machine_at: datetime,
    among: Sequence[str] = states.OPEN_PAYMENT,
) -> list[UUID]:
    """Park those that are in one of these states and not parked yet; their ids. Tells each. Writes in the caller's
    transaction.

    A parked payment keeps its state and its reservation, and nothing acts on it until it is unparked. Whoever
    decided without the payment's lock names the states that it decided for: it may have gone on meanwhile.
    """
    if not payment_ids:
        return []
    params = {"ids": list(payment_ids), "reason": reason, "now": machine_at, "among": list(among)}
    parked = sql.rows(sql.statement(__file__, "park_payments"), params)
    times = clock.business_times((row[2] for row in parked), machine_at)
    events = []
    for payment_id, version, clock_id, correlation, state, kind, source_id, case in parked:
        payload = {"payment_id": payment_id, "state": state, "source": [kind, source_id], "reason": reason,
                   "case": case}  # fmt: skip
        events.append(
            NewEvent("payment.parked", "payment", payment_id, version, clock_id, times[clock_id], correlation,
                     payload)
        )  # fmt: skip
        log.error("payment parked", payment_id=str(payment_id), reason=reason)
    emit(events, machine_at=machine_at)
    return [row[0] for row in parked]


def tell_unparked(payment: Payment, reason: str) -> None:
    """Emit that a locked payment, whose version the caller has counted up, is parked no more. Writes."""
    now = clock.machine_now()
    at = clock.business_times([payment.clock_id], now)[payment.clock_id]
    payload = {"payment_id": payment.pk, "state": payment.state,
               "source": [payment.source_kind, payment.source_id], "reason": reason}  # fmt: skip
    event = NewEvent("payment.unparked", "payment", payment.pk, payment.version, payment.clock_id, at,
                     payment.correlation_id, payload)  # fmt: skip
    emit([event], machine_at=now)


def take_off(payment: Payment, reason: str) -> None:
    """Take an ended, locked payment off the list of those that wait for a person. Writes; tells."""
    payment.parked_at, payment.parked_reason, payment.version = None, "", payment.version + 1
    payment.save(update_fields=["parked_at", "parked_reason", "version"])
    tell_unparked(payment, reason)
