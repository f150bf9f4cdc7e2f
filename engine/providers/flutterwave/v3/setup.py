"""A payer's card by a page of theirs: the smallest amount is paid there, its token kept, the amount given back."""

from __future__ import annotations

from typing import Any

import structlog

from engine.core.errors import Refusal
from engine.providers.abilities import Payer, SetupAsked, SetupFound
from engine.providers.edge.faults import NoAnswer
from engine.providers.edge.http import Answer
from engine.providers.flutterwave import findings, numbers, reading
from engine.providers.flutterwave.client import Client
from engine.providers.flutterwave.dialect import Row
from engine.providers.flutterwave.v3 import errors
from engine.providers.flutterwave.webhook import SETUP

log = structlog.get_logger(__name__)
# What a bank lets through as a payment, in minor units; elsewhere one major unit.
_CHECK_MINOR = {"NGN": 5_000, "KES": 1_000, "ZAR": 500, "XAF": 100, "XOF": 100}
_OTHER_MINOR = 100


def ask(client: Client, payer: Payer, currency: str, *, return_url: str, reference: str) -> SetupAsked:
    """The page. The same reference again makes another link to pay under it, of which one can be paid.

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
    """Whether it was paid as it was asked, and by which token the card may be charged. Gives the amount back.

    Calls out. Raises Fault: then it is asked again, and what was given back is not given twice.
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
    paid = numbers.minor(row.get("amount"), row.get("currency")), row.get("currency")
    _give_back(client, row)
    if paid != (details["amount_minor"], details["currency"]):
        return SetupFound(False, "amount_differs", f"{paid[0]} {paid[1]} was paid to check the card.")
    return _found(row)


def _found(row: Row) -> SetupFound:
    card, customer = row.get("card"), row.get("customer")
    token = card.get("token") if isinstance(card, dict) else None
    email = customer.get("email") if isinstance(customer, dict) else None
    if not isinstance(card, dict) or not token or not email:
        return SetupFound(False, "no_token", "It was paid by what can't be charged again; a card can.")
    kept = {"source": token, "token": token, "email": email}
    month, _, year = str(card.get("expiry") or "").partition("/")
    label = {"brand": card.get("type"), "last4": card.get("last_4digits"), "exp_month": month,
             "exp_year": reading.year(year), "bank": card.get("issuer")}  # fmt: skip
    return SetupFound(
        True, details=kept, label={name: str(each)[:40] for name, each in label.items() if each}
    )


def _give_back(client: Client, row: Row) -> None:
    """All of it: a second refund of the whole is refused by them, and looked for by us before. Raises Fault."""
    number = reading.id_of(row)
    listed = _data(client.get("/refunds", operation="setup"))
    rows = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    if any(str(each.get("tx_id")) == number and reading.status_of(each) != "failed" for each in rows):
        return
    body = numbers.dumps({"amount": numbers.decimal(row.get("amount")), "comments": str(row["tx_ref"])})
    answer = client.post("setup", f"/transactions/{number}/refund", body)
    if found := findings.of_status(answer):
        raise NoAnswer(found.code, found.message)
    if answer.status >= 400:
        log.error("what checked a card could not be given back", transaction=number, status=answer.status)


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
