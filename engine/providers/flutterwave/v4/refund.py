"""A refund of a charge, whole or in part. Marked with our reference, for it has none of its own."""

from __future__ import annotations

from engine.core.errors import Refusal
from engine.providers.base import Asked, FailureClass, Finding, Payable
from engine.providers.flutterwave import findings, numbers, reading
from engine.providers.flutterwave.dialect import Question, Request, Row, Sent

_PATH = "/refunds"
_NEWEST = "50"
_OPEN = ("new", "pending", "requires_action", "processing")
_SUCCEEDED = ("succeeded", "successful", "completed")
_FAILED = ("failed", "cancelled")


def request(payable: Payable, identity: str) -> Request:
    """So much of that charge."""
    charge = payable.instructions.get("charge") or {}
    if not charge.get("provider_ref"):
        raise Refusal("charge_unknown", "a refund needs the charge's id at Flutterwave", param="charge")
    body = {
        "charge_id": charge["provider_ref"],
        "amount": numbers.major(payable.amount_minor, payable.currency),
        "reason": "requested_by_customer",
        "meta": {"payment_id": payable.payment_id.hex, "attempt": identity},
    }
    return Request(_PATH, body)


def by_id(provider_ref: str) -> Question:
    """The refund itself."""
    return Question(f"{_PATH}/{provider_ref}")


def by_identity(sent: Asked) -> Question:
    """The newest of all; what is not among them may be older, and is never sent again (sheet.py)."""
    return Question(_PATH, {"size": _NEWEST})


def is_mine(row: Row, sent: Sent) -> bool:
    """By its id where that is known; by our mark, or in the reply to our own send by its charge."""
    if row.get("charge_id") != sent.instructions["charge"]["provider_ref"]:
        return False
    meta = row.get("meta")
    mark = meta.get("attempt") if isinstance(meta, dict) else None
    if isinstance(sent, Asked):
        return mark == sent.identity or (mark is None and reading.id_of(row) == sent.known.provider_ref != "")
    return mark in (None, sent.identity)


def read(row: Row, sent: Sent, *, looked: bool) -> Finding:
    """By its status. It names no currency but the charge's."""
    status = reading.status_of(row)
    if status in _OPEN:
        return reading.pending(row)
    if status in _SUCCEEDED:
        amount = row.get("amount_refunded", row.get("amount"))
        currency = row.get("currency") or sent.currency
        return reading.moved(row, sent, amount=amount, currency=currency, looked=looked)
    if status in _FAILED:
        said = "Flutterwave could not give it back."
        return reading.refused(row, findings.declined(FailureClass.HARD_DECLINE, "refund_failed", said))
    return reading.odd_status(row)
