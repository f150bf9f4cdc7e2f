"""A refund of a transaction, whole or in part. No key and no reference guards a second one: it is sent once, ever."""

from __future__ import annotations

from engine.core.errors import Refusal
from engine.providers.base import Asked, FailureClass, Finding, Payable
from engine.providers.flutterwave import findings, numbers, reading
from engine.providers.flutterwave.dialect import Question, Request, Row, Sent

_OPEN = ("new", "pending", "processing")
_FAILED = ("failed", "cancelled")


def request(payable: Payable, identity: str) -> Request:
    """So much of that transaction; our reference stands in the comments, by which alone it may be found."""
    charge = payable.instructions.get("charge") or {}
    if not charge.get("provider_ref"):
        raise Refusal("charge_unknown", "a refund needs the charge's number at Flutterwave", param="charge")
    amount = numbers.major(payable.amount_minor, payable.currency)
    return Request(f"/transactions/{charge['provider_ref']}/refund", {"amount": amount, "comments": identity})


def by_id(provider_ref: str) -> Question:
    """The refund itself."""
    return Question(f"/refunds/{provider_ref}")


def by_identity(sent: Asked) -> Question:
    """The newest of all: there is no filter by transaction."""
    return Question("/refunds")


def is_mine(row: Row, sent: Sent) -> bool:
    """By its transaction, and by our reference where it shows comments at all."""
    if str(row.get("tx_id")) != str(sent.instructions["charge"]["provider_ref"]):
        return False
    mark = row.get("comments") or row.get("comment")
    if mark:
        return bool(mark == sent.identity)
    return not isinstance(sent, Asked) or reading.id_of(row) == sent.known.provider_ref != ""


def read(row: Row, sent: Sent, *, looked: bool) -> Finding:
    """By its status. It names no currency but the transaction's."""
    status = reading.status_of(row)
    if status in _OPEN:
        return reading.pending(row)
    if status == "completed":
        amount = row.get("amount_refunded", row.get("amount"))
        currency = row.get("currency") or sent.currency
        return reading.moved(row, sent, amount=amount, currency=currency, looked=looked)
    if status in _FAILED:
        said = "Flutterwave could not give it back."
        return reading.refused(row, findings.declined(FailureClass.HARD_DECLINE, "refund_failed", said))
    return reading.odd_status(row)
