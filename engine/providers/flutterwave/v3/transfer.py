"""A transfer out of the wallet to a bank account, found by our reference."""

from __future__ import annotations

from engine.core.errors import Refusal
from engine.providers.base import Asked, Finding, Payable
from engine.providers.flutterwave import findings, numbers, reading, words
from engine.providers.flutterwave.dialect import Question, Request, Row, Sent

_PATH = "/transfers"
_OPEN = ("new", "pending")


def request(payable: Payable, identity: str) -> Request:
    """From the wallet of the same currency."""
    payee = payable.instructions.get("payee") or {}
    if not (payee.get("account_number") and payee.get("bank_code")):
        raise Refusal("payee_unusable", "a transfer needs account_number and bank_code", param="payee")
    body = {
        "account_bank": payee["bank_code"],
        "account_number": payee["account_number"],
        "amount": numbers.major(payable.amount_minor, payable.currency),
        "currency": payable.currency,
        "debit_currency": payable.currency,
        "reference": identity,
        "meta": {"payment_id": payable.payment_id.hex},
    }
    if payee.get("account_name"):
        body["beneficiary_name"] = payee["account_name"]
    return Request(_PATH, body)


def by_id(provider_ref: str) -> Question:
    """The transfer itself."""
    return Question(f"{_PATH}/{provider_ref}")


def by_identity(sent: Asked) -> Question:
    """The transfers under our reference."""
    return Question(_PATH, {"reference": sent.identity})


def is_mine(row: Row, sent: Sent) -> bool:
    """By our reference."""
    return row.get("reference") == sent.identity


def read(row: Row, sent: Sent, *, looked: bool) -> Finding:
    """By its status. One that came back afterwards still says that it arrived: no paper names a word for it, and the
    statement of the wallet alone shows that as a credit (docs/gateways.md says so)."""
    status, currency = reading.status_of(row), row.get("currency")
    if status in _OPEN:
        return reading.pending(row)
    if status == "successful":
        amount, fee = row.get("amount"), row.get("fee")
        return reading.moved(row, sent, amount=amount, currency=currency, fee=fee, looked=looked)
    if status == "failed":
        said = row.get("complete_message") or ""
        kind, code = words.of_payout(said)
        found = findings.declined(kind, code, f"The transfer did not arrive: {said or 'they gave no reason'}")
        return reading.refused(row, reading.with_fee(found, row.get("fee"), currency))
    return reading.odd_status(row)
