"""A charge of a card's token, verified by our reference."""

from __future__ import annotations

from typing import Any

from engine.core.errors import Refusal
from engine.providers.base import Asked, Finding, Payable
from engine.providers.flutterwave import findings, numbers, reading, words
from engine.providers.flutterwave.dialect import Question, Request, Row, Sent

_COUNTRIES = {"NGN": "NG", "GHS": "GH", "KES": "KE", "ZAR": "ZA", "XAF": "CM", "XOF": "CI"}


def request(payable: Payable, identity: str) -> Request:
    """The token is bound to the email that it came with."""
    kept = payable.instructions
    if not kept.get("token") or not kept.get("email"):
        raise Refusal("method_unusable", "Flutterwave v3 needs a token and its email: set it up anew",
                      param="payment_method")  # fmt: skip
    body = {
        "token": kept["token"],
        "email": kept["email"],
        "currency": payable.currency,
        "country": _COUNTRIES.get(payable.currency, "NG"),
        "amount": numbers.major(payable.amount_minor, payable.currency),
        "tx_ref": identity,
        "meta": {"payment_id": payable.payment_id.hex},
    }
    return Request("/tokenized-charges", body)


def by_id(provider_ref: str) -> Question:
    """The transaction by its number."""
    return Question(f"/transactions/{provider_ref}/verify")


def by_identity(sent: Asked) -> Question:
    """The transaction by our reference."""
    return Question("/transactions/verify_by_reference", {"tx_ref": sent.identity})


def is_mine(row: Row, sent: Sent) -> bool:
    """By our reference."""
    return row.get("tx_ref") == sent.identity


def read(row: Row, sent: Sent, *, looked: bool) -> Finding:
    """By its status; the amount and the currency count as much."""
    status = reading.status_of(row)
    if status == "successful":
        return reading.moved(
            row, sent, amount=row.get("amount"), currency=row.get("currency"), fee=fee(row), looked=looked
        )
    if status == "pending":
        asks = row.get("authorization")
        return (
            reading.action_needed(row, asks.get("redirect"))
            if isinstance(asks, dict)
            else reading.pending(row)
        )
    if status == "failed":
        said = row.get("processor_response")
        kind, code = words.of_card(said or "")
        text = f"The payer's bank refused: {said or 'it gave no reason'}"
        return reading.refused(row, findings.declined(kind, code, text, processor_response=str(said)[:200]))
    return reading.odd_status(row)


def fee(row: Row) -> Any:
    """What Flutterwave kept of it; nothing where the payer bore it on top."""
    charged, amount = numbers.decimal(row.get("charged_amount")), numbers.decimal(row.get("amount"))
    return row.get("app_fee") if charged is None or charged == amount else 0
