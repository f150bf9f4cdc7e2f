"""What a decision changes on its payment, and whom it is told to: columns, hook input, events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from engine.outbox.emit import NewEvent
from payments.pipeline.decision import PAYER, TAKEN_BACK, TERMINAL, Decision
from payments.pipeline.rows import APPLIED, Row
from payments.sources import SourceChange

Decided = Sequence[tuple[Row, Decision]]


def payment_columns(decided: Decided, now: datetime) -> dict[str, Any]:
    """The parameters of move_payments.sql, one entry per payment."""
    both = list(decided)
    return {
        "now": now,
        "ids": [row.payment_id for row, _ in both],
        "olds": [row.payment_state for row, _ in both],
        "news": [d.payment or row.payment_state for row, d in both],
        "bumps": [1 if _event_type(row, d) else 0 for row, d in both],
        "looks_at": [d.look_at for _, d in both],
        "waitings": [d.waiting for _, d in both],
        "looks": [row.looks + 1 if d.looked else row.looks for row, d in both],
        "short_tries": [row.short_tries + 1 if d.short_try else row.short_tries for row, d in both],
        "classes": [_why(row, d)[0] for row, d in both],
        "codes": [_why(row, d)[1] for row, d in both],
        "messages": [_why(row, d)[2] for row, d in both],
        "provisionals": [d.provisional for _, d in both],
        "settled": [_settled(row, d) for row, d in both],
        "ended": [d.payment in TERMINAL for _, d in both],
        "stops": [d.stop for _, d in both],
    }


def changes(effective: Decided, times: dict[int, datetime], now: datetime) -> list[SourceChange]:
    """What the sources are told: the payments that reached an end, and what was taken back of one that had paid."""
    return [
        SourceChange(
            row.payment_id, row.source_kind, row.source_id, row.no, state, row.currency, row.amount_minor, settled,
            *_of_end(row, d), row.clock_id, times[row.clock_id], now, row.correlation_id,
        )
        for row, d in effective
        for state, settled in _told(row, d)
    ]  # fmt: skip


def _told(row: Row, decision: Decision) -> list[tuple[str, int]]:
    """Its end, and what is settled by it. Its payment stays what it is where what came late is taken back; but what it
    had paid after all is owed again, and what it had given back was not."""
    if decision.payment in TERMINAL:
        return [(str(decision.payment), _settled(row, decision))]
    late = APPLIED if row.operation == "charge" else "late"
    if decision.verdict == TAKEN_BACK and row.booked_as == late:
        return [("reversed", -(row.cleared_minor or row.amount_minor))]
    return []


def events(effective: Decided, times: dict[int, datetime]) -> list[NewEvent]:
    """One event per change of state, and one when a payment may first be shown as paid."""
    told = []
    for row, decision in effective:
        kind = _event_type(row, decision)
        if kind:
            told.append(
                NewEvent(kind, "payment", row.payment_id, row.version + 1, row.clock_id, times[row.clock_id],
                         row.correlation_id, _payload(row, decision))
            )  # fmt: skip
    return told


def _event_type(row: Row, decision: Decision) -> str:
    if decision.payment == "scheduled":
        return "payment.rescheduled"
    if decision.payment:
        return f"payment.{decision.payment}"
    if decision.waiting == PAYER and row.waiting != PAYER:
        return "payment.action_needed"
    return "payment.confirmed" if decision.provisional and row.provisional_at is None else ""


def _payload(row: Row, decision: Decision) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "payment_id": row.payment_id,
        "state": decision.payment or row.payment_state,
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "source": [row.source_kind, row.source_id],
        "provider": row.provider,
        "identity": row.identity,
    }
    if decision.waiting == PAYER:
        payload["action"] = row.action
    if decision.payment == "reversed":
        payload["settled_minor"] = _settled(row, decision)
    if any(_why(row, decision)):
        payload |= dict(zip(("failure_class", "code", "message"), _why(row, decision), strict=True))
    return payload


def _why(row: Row, decision: Decision) -> tuple[str, str, str]:
    """Class, code and message where there is something to explain, else nothing."""
    explains = (
        decision.payment in ("failed", "scheduled", "canceled", "reversed")
        or decision.verdict in _OPEN_VERDICTS
    )
    return _of_end(row, decision) if explains else ("", "", "")


def _of_end(row: Row, decision: Decision) -> tuple[str, str, str]:
    if decision.payment == "canceled":
        return "", row.stop_code, row.stop_reason
    return row.failure_class, row.code, row.message


_OPEN_VERDICTS = ("unknown", "can't be proved")


def _settled(row: Row, decision: Decision) -> int:
    """What is added to what its source has of it. Taken back is what had cleared its debt: all that was asked for, but
    where a person applied another amount.
    """
    if decision.payment == "reversed" or (decision.verdict == TAKEN_BACK and row.booked_as == "refused"):
        return -(row.cleared_minor or row.amount_minor)
    moved = decision.payment in ("succeeded", "succeeded_late")
    return row.gross_minor or 0 if moved else 0
