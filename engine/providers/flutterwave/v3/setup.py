"""A payer's card by a page of theirs: the smallest amount is paid there, and its token is kept.

What was paid is shown with what is found: the engine books it and gives it back, by a refund like any other.
"""

from __future__ import annotations

from typing import Any

from engine.core.errors import Refusal
from engine.providers.abilities import Payer, SetupAsked, SetupFound
from engine.providers.edge.faults import NoAnswer
from engine.providers.edge.http import Answer
from engine.providers.flutterwave import findings, numbers, reading
from engine.providers.flutterwave.client import Client
from engine.providers.flutterwave.dialect import Row
from engine.providers.flutterwave.v3 import charge, errors
from engine.providers.flutterwave.webhook import SETUP
from engine.providers.setups import SetupCharge

# What a bank lets through as a payment, in minor units; elsewhere one major unit.
_CHECK_MINOR = {"NGN": 5_000, "KES": 1_000, "ZAR": 500, "XAF": 100, "XOF": 100}
_OTHER_MINOR = 100


def ask(client: Client, payer: Payer, currency: str, *, return_url: str, reference: str) -> SetupAsked:
    """The page. The same reference again makes another link to pay under it, of which one can be paid: a
    reference is used once (sheet.py). What was paid beside that would be seen by nobody once the method is active.

    Calls out. Raises Refusal, Fault.
    """
    minor = _CHECK_MINOR.get(currency, _OTHER_MINOR)
    customer = {"email": payer.email, "name": payer.name}
    if payer.phone:
        customer["phonenumber"] = payer.phone
    body = {"tx_ref": SETUP + reference, "amount": numbers.major(minor, currency), "currency": currency,
            "redirect_url": return_url, "customer": customer, "payment_options": "card"}  # fmt: skip
    data = _data(client.post("setup", "/payments", numbers.dumps(body)))
    link = data.get("link") if isinstance(data, dict) else None
    if not isinstance(link, str) or not link.startswith(("https://", "http://")):
        raise NoAnswer("unreadable", "the answer names no page")
    return SetupAsked(
        "redirect", {"reference": reference, "currency": currency, "amount_minor": minor}, url=link
    )


def find(client: Client, details: Row) -> SetupFound:
    """Whether it was paid as it was asked, what was paid, and by which token the card may be charged.

    Calls out. Raises Fault.
    """
    answer = client.get(
        "/transactions/verify_by_reference", {"tx_ref": SETUP + details["reference"]}, operation="setup"
    )
    if answer.status == 404 or (answer.status == 400 and errors.says_missing(reading.json_of(answer))):
        return SetupFound(False, "payer_action_needed", "The payer has not paid on the page yet.")
    row = _data(answer)
    if not isinstance(row, dict) or row.get("tx_ref") != SETUP + details["reference"]:
        raise NoAnswer("unreadable", "the answer can't be read")
    status = reading.status_of(row)
    if status != "successful":
        code = "setup_failed" if status == "failed" else "payer_action_needed"
        return SetupFound(False, code, f"The payment that checks the card is {status or 'unknown'}.")
    charged = _charged(row)
    if (charged.amount_minor, charged.currency) != (details["amount_minor"], details["currency"]):
        said = f"{charged.amount_minor} {charged.currency} was paid to check the card."
        return SetupFound(False, "amount_differs", said, charged=charged)
    return _found(row, charged)


def _charged(row: Row) -> SetupCharge:
    """Raises NoAnswer for what can't be booked."""
    number, currency = reading.id_of(row), row.get("currency")
    amount = numbers.minor(row.get("amount"), currency)
    if not number or not isinstance(currency, str) or not amount or amount < 0:
        raise NoAnswer("unreadable", "what was paid can't be read")
    fee = numbers.fee(charge.fee(row), currency)
    return SetupCharge(number, number, row["tx_ref"], amount, currency, fee, {"api": "v3"})


def _found(row: Row, charged: SetupCharge) -> SetupFound:
    card, customer = row.get("card"), row.get("customer")
    token = card.get("token") if isinstance(card, dict) else None
    email = customer.get("email") if isinstance(customer, dict) else None
    if not isinstance(card, dict) or not token or not email:
        said = "It was paid by what can't be charged again; a card can."
        return SetupFound(False, "no_token", said, charged=charged)
    kept = {"source": token, "token": token, "email": email}
    month, _, year = str(card.get("expiry") or "").partition("/")
    label = {"brand": card.get("type"), "last4": card.get("last_4digits"), "exp_month": month,
             "exp_year": reading.year(year), "bank": card.get("issuer")}  # fmt: skip
    shown = {name: str(each)[:40] for name, each in label.items() if each}
    return SetupFound(True, details=kept, label=shown, charged=charged)


def _data(answer: Answer) -> Any:
    """`data` of a good answer. Raises Refusal for what they refuse, NoAnswer for what can't be read."""
    if found := findings.of_status(answer):
        raise NoAnswer(found.code, found.message)
    if answer.status >= 400:
        body = reading.json_of(answer)
        said = body.get("message") if isinstance(body, dict) else f"HTTP {answer.status}"
        raise Refusal("setup_refused", f"Flutterwave refused it: {str(said)[:200]}", param="options")
    data = reading.data_of(answer)
    if data is None:
        raise NoAnswer("unreadable", "the answer can't be read")
    return data
