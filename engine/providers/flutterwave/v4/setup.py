"""A payer's card as a payment method: the payer's browser encrypts it, and we hand on what we can't read."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from engine.core.errors import Refusal
from engine.providers.abilities import Payer, SetupAsked, SetupFound
from engine.providers.edge.faults import NoAnswer
from engine.providers.edge.http import Answer
from engine.providers.flutterwave import findings, numbers, reading
from engine.providers.flutterwave.client import Client
from engine.providers.flutterwave.dialect import Row

_ENCRYPTED = ("encrypted_card_number", "encrypted_expiry_month", "encrypted_expiry_year", "encrypted_cvv")
_BESIDE = ("nonce", "card_holder_name", "billing_address")


def ask(client: Client, payer: Payer, *, reference: str, options: Row) -> SetupAsked:
    """The customer and, of options["card"], their method: both under keys of ours, so twice is once.

    Calls out. Raises Refusal for a card that is not encrypted, Fault.
    """
    card = _sealed(options.get("card"))
    customer = _customer(client, payer)
    body = {"type": "card", "card": card, "customer_id": customer}
    row = _row(_post(client, "/payment-methods", body, key=f"setup-{reference}"))
    return SetupAsked(
        "none", {"customer_id": customer, "payment_method_id": row["id"], "reference": reference}
    )


def find(client: Client, details: Row) -> SetupFound:
    """Whether the customer's method is there. Calls out. Raises Fault."""
    method = details["payment_method_id"]
    answer = client.get(f"/payment-methods/{method}", operation="setup")
    if answer.status == 404:
        return SetupFound(False, "method_unknown", "Flutterwave does not know this payment method.")
    row = _row(answer)
    if row["id"] != method or row.get("customer_id") != details["customer_id"]:
        return SetupFound(False, "method_of_another", "Flutterwave says that it is another customer's.")
    kept = {"source": method, "customer_id": details["customer_id"], "payment_method_id": method}
    return SetupFound(True, details=kept, label=_label(row.get("card")))


def _customer(client: Client, payer: Payer) -> str:
    """Made once; one whose email they know already is found by it."""
    first, _, last = payer.name.strip().partition(" ")
    body = {
        "email": payer.email,
        "name": {"first": first or payer.email, "last": last or first or payer.email},
    }
    answer = _post(client, "/customers", body, key=f"customer-{payer.customer_id.hex}")
    if answer.status != 409:
        return str(_row(answer)["id"])
    found = reading.data_of(_post(client, "/customers/search", {"email": payer.email}))
    rows = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    known = [reading.id_of(each) for each in rows if each.get("email") == payer.email]
    if not known or not known[0]:
        raise NoAnswer("customer_unclear", "Flutterwave has a customer of this email, and does not show it")
    return known[0]


def _post(client: Client, path: str, body: Row, *, key: str = "") -> Answer:
    return client.post("setup", path, numbers.dumps(body), {"X-Idempotency-Key": key} if key else None)


def _row(answer: Answer) -> Row:
    """The object of a good answer. Raises Refusal for what they refuse, NoAnswer for what can't be read."""
    if found := findings.of_status(answer):
        raise NoAnswer(found.code, found.message)
    if answer.status >= 400:
        body = reading.json_of(answer)
        error = body.get("error") if isinstance(body, dict) else None
        said = error.get("message") if isinstance(error, dict) else f"HTTP {answer.status}"
        raise Refusal("setup_refused", f"Flutterwave refused it: {str(said)[:200]}", param="options")
    row = reading.data_of(answer)
    if not isinstance(row, dict) or not reading.id_of(row):
        raise NoAnswer("unreadable", "the answer can't be read")
    return row


def _sealed(card: Any) -> Row:
    """Only what is encrypted, and what is no secret of the card. Raises Refusal; a card's number never goes on."""
    known = {*_ENCRYPTED, *_BESIDE}
    if (
        not isinstance(card, Mapping)
        or set(card) - known
        or not all(_is_cipher(card.get(n)) for n in _ENCRYPTED)
    ):
        raise Refusal("card_not_encrypted", "the payer's browser encrypts the card for Flutterwave: "
                      f"{', '.join(_ENCRYPTED)} and nonce, nothing else of it", param="options.card")  # fmt: skip
    return card


def _is_cipher(value: Any) -> bool:
    """Base64 of more than a card's digits: AES-GCM adds its tag."""
    if not isinstance(value, str) or value.isdigit():
        return False
    try:
        return len(base64.b64decode(value, validate=True)) > 16
    except (binascii.Error, ValueError):
        return False


def _label(card: Any) -> dict[str, Any]:
    if not isinstance(card, dict):
        return {}
    found = {"brand": card.get("network"), "last4": card.get("last4"), "exp_month": card.get("expiry_month"),
             "exp_year": reading.year(card.get("expiry_year"))}  # fmt: skip
    return {name: str(value)[:20] for name, value in found.items() if value}
