"""A charge of a method that is kept: customer, payment method, our reference."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.core.errors import Refusal
from engine.providers.base import Asked, FailureClass, Finding, Payable
from engine.providers.flutterwave import findings, numbers, reading, words
from engine.providers.flutterwave.dialect import Question, Request, Row, Sent

_PATH = "/charges"
_SUCCEEDED = ("succeeded", "successful")
_OPEN = ("pending", "requires_action", "processing")
_ENDED = ("cancelled", "timeout", "voided")


def request(payable: Payable, identity: str) -> Request:
    """A recurring charge: their bank is not to ask the payer."""
    kept = payable.instructions
    if not kept.get("customer_id") or not kept.get("payment_method_id"):
        raise Refusal("method_unusable", "Flutterwave v4 needs a customer and a payment method: set it up anew",
                      param="payment_method")  # fmt: skip
    body = {
        "amount": numbers.major(payable.amount_minor, payable.currency),
        "currency": payable.currency,
        "reference": identity,
        "customer_id": kept["customer_id"],
        "payment_method_id": kept["payment_method_id"],
        "recurring": True,
        "meta": {"payment_id": payable.payment_id.hex},
    }
    return Request(_PATH, body)


def by_id(provider_ref: str) -> Question:
    """The charge itself."""
    return Question(f"{_PATH}/{provider_ref}")


def by_identity(sent: Asked) -> Question:
    """The charges under our reference."""
    return Question(_PATH, {"reference": sent.identity})


def is_mine(row: Row, sent: Sent) -> bool:
    """By our reference."""
    return row.get("reference") == sent.identity


def read(row: Row, sent: Sent, *, looked: bool) -> Finding:
    """By its status; the amount and the currency count as much."""
    status = reading.status_of(row)
    if status in _SUCCEEDED:
        return reading.moved(
            row, sent, amount=row.get("amount"), currency=row.get("currency"), fee=_fees(row), looked=looked
        )
    if status in _OPEN:
        action = row.get("next_action")
        if (
            isinstance(action, dict) and status != "processing"
        ):  # that is the bank's, whatever was asked before
            return reading.action_needed(row, _link(action))
        return reading.pending(row)
    if status == "failed":
        return reading.refused(row, _declined(row))
    if status in _ENDED:
        soft = findings.declined(FailureClass.SOFT_DECLINE, status, f"Flutterwave ended the charge: {status}")
        return reading.refused(row, soft)
    return reading.odd_status(row)


def _declined(row: Row) -> Finding:
    said = row.get("processor_response")
    response = (
        {name: str(said.get(name, ""))[:100] for name in ("type", "code")} if isinstance(said, dict) else {}
    )
    kind, code = words.of_card(response.get("type", ""))
    return findings.declined(
        kind, code, f"The payer's bank refused: {code.replace('_', ' ')}.", processor_response=response
    )


def _link(action: Row) -> Any:
    place = action.get("redirect_url")
    return place.get("url") if isinstance(place, dict) else place


def _fees(row: Row) -> Decimal:
    """What Flutterwave kept of it, all kinds together."""
    listed = row.get("fees")
    rows = listed if isinstance(listed, list) else []
    amounts = [numbers.decimal(each.get("amount")) for each in rows if isinstance(each, dict)]
    return sum((each for each in amounts if each is not None), Decimal(0))
