"""A transfer out of the wallet, to a recipient that is kept or to a bank account that is named.

Until an answer has named its id only its key finds it: the newest are looked through, and what is not among them is
sent again under the key, which gives back the first answer.
"""

from __future__ import annotations

from typing import Any

from engine.core.errors import Refusal
from engine.providers.base import Asked, Finding, Payable
from engine.providers.flutterwave import findings, numbers, reading, words
from engine.providers.flutterwave.dialect import Question, Request, Row, Sent

_PATH = "/transfers"
_NEWEST = "50"  # the longest page they give; the newest stand first
_OPEN = ("new", "pending", "initiated", "processing")
_SUCCEEDED = ("successful", "succeeded")
_FAILED = ("failed", "cancelled")


def request(payable: Payable, identity: str) -> Request:
    """At once, for so much at the recipient's end."""
    told: dict[str, Any] = {
        "source_currency": payable.currency,
        "destination_currency": payable.currency,
        "amount": {
            "value": numbers.major(payable.amount_minor, payable.currency),
            "applies_to": "destination_currency",
        },
    }
    order = {"action": "instant", "reference": identity, "meta": {"payment_id": payable.payment_id.hex}}
    payee = payable.instructions.get("payee") or {}
    if payee.get("recipient_id"):
        return Request(
            _PATH, {**order, "payment_instruction": {**told, "recipient_id": payee["recipient_id"]}}
        )
    if not (payee.get("account_number") and payee.get("bank_code")):
        raise Refusal("payee_unusable", "a transfer needs a recipient_id, or account_number and bank_code",
                      param="payee")  # fmt: skip
    told["recipient"] = {"bank": {"account_number": payee["account_number"], "code": payee["bank_code"]}}
    return Request("/direct-transfers", {**order, "type": "bank", "payment_instruction": told})


def by_id(provider_ref: str) -> Question:
    """The transfer itself."""
    return Question(f"{_PATH}/{provider_ref}")


def by_identity(sent: Asked) -> Question:
    """The newest of all: there is no filter by our reference."""
    return Question(_PATH, {"size": _NEWEST})


def is_mine(row: Row, sent: Sent) -> bool:
    """By our reference."""
    return row.get("reference") == sent.identity


def read(row: Row, sent: Sent, *, looked: bool) -> Finding:
    """By its status; one that came back says so by its reversal too."""
    status, amount = reading.status_of(row), row.get("amount")
    if status == "reversed" or row.get("reversal"):
        return reading.taken_back(row)
    if status in _OPEN:
        return reading.pending(row)
    value = amount.get("value") if isinstance(amount, dict) else amount
    currency = row.get("destination_currency") or row.get("currency")
    if status in _SUCCEEDED:
        return reading.moved(row, sent, amount=value, currency=currency, fee=row.get("fee"), looked=looked)
    if status in _FAILED:
        said = row.get("provider_response")
        kind, code = words.of_payout(said.get("type") if isinstance(said, dict) else status)
        found = findings.declined(kind, code, f"The transfer did not arrive: {code.replace('_', ' ')}.")
        return reading.refused(row, reading.with_fee(found, row.get("fee"), currency))
    return reading.odd_status(row)
