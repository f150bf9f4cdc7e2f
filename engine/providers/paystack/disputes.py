"""Disputes: a payer's bank wants the money back, and we have a day or so to answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import structlog

from engine.core.errors import Refusal
from engine.providers.abilities import DisputeFound, DisputeState
from engine.providers.base import ProviderUnavailable
from engine.providers.edge.faults import Fault
from engine.providers.paystack import findings, pages, strict
from engine.providers.paystack.client import Client, Refused
from engine.providers.paystack.strict import Odd
from engine.providers.unread import Unread

log = structlog.get_logger(__name__)
_STATES = {
    "awaiting-merchant-feedback": DisputeState.OPEN,
    "awaiting-bank-feedback": DisputeState.UNDER_REVIEW,
    "pending": DisputeState.UNDER_REVIEW,
}
_ENDS = {"merchant-accepted": DisputeState.LOST, "declined": DisputeState.WON}


def find(client: Client, dispute_ref: str) -> DisputeFound:
    """As it stands now. Calls out. Raises ProviderUnavailable; Refusal "dispute_unknown"."""
    if not (dispute_ref.isascii() and dispute_ref.isdigit()):
        raise _unknown(dispute_ref)
    try:
        reply = client.get(f"/dispute/{dispute_ref}")
        found = strict.members(reply.data)
        if str(strict.whole(found, "id")) != dispute_ref or found.get("domain") != client.account.domain:
            raise _unknown(dispute_ref)
        return _read(found)
    except Refused as refused:
        if refused.missing:
            raise _unknown(dispute_ref) from None
        raise findings.unavailable(refused) from None
    except Fault as fault:
        raise findings.unavailable(fault) from None
    except Odd as odd:
        raise _unreadable(odd) from None


def listed(client: Client, since: datetime, until: datetime) -> Iterator[DisputeFound | Unread]:
    """Those opened from `since` to before `until`, the newest first, with those that can't be read.

    Calls out. Raises ProviderUnavailable.
    """
    try:
        for row in pages.between(client, "/dispute", since, until):
            found = _readable(row) if row.get("domain") == client.account.domain else None
            if isinstance(found, Unread) or (found and since <= found.opened_at < until):
                yield found
    except Fault as fault:
        raise findings.unavailable(fault) from None
    except Odd as odd:
        raise _unreadable(odd) from None


def disputed(row: Mapping[str, Any]) -> tuple[int, str]:
    """How much of what, in minor units: all of the charge where nothing is said of it. Pure. Raises Odd."""
    charge = strict.members(row.get("transaction"), "transaction")
    amount = strict.whole_or_none(row, "refund_amount") or strict.whole(charge, "amount")
    return amount, strict.currency(row if row.get("currency") else charge)


def _readable(row: Mapping[str, Any]) -> DisputeFound | Unread:
    try:
        return _read(row)
    except Odd as odd:
        return Unread("dispute", str(row.get("id"))[:40], str(odd))


def _read(row: Mapping[str, Any]) -> DisputeFound:
    """A dispute. Raises Odd."""
    charge = strict.members(row.get("transaction"), "transaction")
    amount, currency = disputed(row)
    return DisputeFound(
        dispute_ref=str(strict.whole(row, "id")),
        charge_ref=str(strict.whole(charge, "id")),
        state=_state(row),
        amount_minor=amount,
        currency=currency,
        fee_minor=0,  # Paystack names none
        reason=str(row.get("category") or "")[:100],
        opened_at=strict.moment(row, "createdAt"),
        evidence_due_at=strict.moment_or_none(row, "dueAt"),
    )


def _state(row: Mapping[str, Any]) -> DisputeState:
    """A word that no paper names ends nothing: it stays under review, and is logged."""
    status = strict.text(row, "status")
    found = _ENDS.get(str(row.get("resolution"))) if status == "resolved" else _STATES.get(status)
    if found is None:
        log.error(
            "a dispute in a state that is not known", status=status, resolution=str(row.get("resolution"))
        )
    return found or DisputeState.UNDER_REVIEW


def _unknown(dispute_ref: str) -> Refusal:
    return Refusal(
        "dispute_unknown", f"Paystack has no dispute {dispute_ref[:40]!r} of ours", param="dispute"
    )


def _unreadable(odd: Odd) -> ProviderUnavailable:
    return ProviderUnavailable("answer_unreadable", f"a dispute can't be read: {odd}")
