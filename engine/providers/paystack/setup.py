"""Keep a payer's card: they pay the smallest amount on Paystack's page, and we keep the authorization.

Paystack has no other way to keep one. What was paid is shown with what is found, whether the card is good or not: the
engine books it and gives it back, by a refund like any other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import structlog

from engine.core.errors import Refusal
from engine.providers.abilities import Payer, SetupAsked, SetupFound
from engine.providers.base import ProviderUnavailable
from engine.providers.edge.faults import Fault
from engine.providers.paystack import findings, identity, strict
from engine.providers.paystack.client import Client, Refused, Reply
from engine.providers.paystack.sheet import LEAST_MINOR
from engine.providers.paystack.strict import Odd
from engine.providers.setups import SetupCharge

log = structlog.get_logger(__name__)
_TURNS = 9
_LABEL = ("brand", "last4", "exp_month", "exp_year", "bank")
_WAITING = ("abandoned", "ongoing", "pending", "processing", "queued")


def ask(client: Client, payer: Payer, *, currency: str, return_url: str, reference: str) -> SetupAsked:
    """A page on which the payer pays the smallest amount. Calls out. Raises Refusal and ProviderUnavailable.

    A reference that was begun before has a page that nobody can find again, and nothing moves by a page alone: the
    next turn of the same reference has its own.
    """
    if currency not in LEAST_MINOR:
        raise Refusal("currency_unsupported", f"Paystack does not take {currency}", param="currency")
    for turn in range(1, _TURNS + 1):
        name = identity.of_setup(reference, turn)
        body = {
            "email": payer.email,
            "amount": LEAST_MINOR[currency],
            "currency": currency,
            "reference": name,
            "channels": ["card"],
            "metadata": {"customer_id": str(payer.customer_id), "setup": reference},
            **({"callback_url": return_url} if return_url else {}),
        }
        try:
            reply = client.post("/transaction/initialize", json.dumps(body).encode(), operation="setup")
            url = strict.text(strict.members(reply.data), "authorization_url")
        except Refused as refused:
            if refused.duplicate:
                continue
            raise Refusal("setup_refused", f"Paystack refuses it: {refused.message}", param="payer") from None
        except Fault as fault:
            raise findings.unavailable(fault) from None
        except Odd as odd:
            raise _unreadable(odd) from None
        details = {"reference": name, "email": payer.email, "currency": currency}
        return SetupAsked("redirect", details, url=url)
    raise Refusal("setup_exhausted", f"this setup was begun {_TURNS} times: begin another", param="reference")


def find(client: Client, details: Mapping[str, Any]) -> SetupFound:
    """What became of it: a card that can be charged again, and what was paid for it. Calls out.

    Raises ProviderUnavailable.
    """
    try:
        reply = client.get(f"/transaction/verify/{details['reference']}")
        return _found(client, reply, details)
    except Refused as refused:
        if refused.missing:
            return SetupFound(False, "waiting_for_payer", "Paystack does not know it (yet)")
        raise findings.unavailable(refused) from None
    except Fault as fault:
        raise findings.unavailable(fault) from None
    except Odd as odd:
        raise _unreadable(odd) from None


def forget(client: Client, details: Mapping[str, Any]) -> None:
    """No further charge by this authorization. Calls out. Raises ProviderUnavailable; twice is no fault."""
    body = json.dumps({"authorization_code": details["authorization_code"]}).encode()
    try:
        client.post("/customer/authorization/deactivate", body, operation="setup")
    except Refused as refused:
        log.info("the authorization was out of use already", reason=refused.message)
    except Fault as fault:
        raise findings.unavailable(fault) from None


def _found(client: Client, reply: Reply, details: Mapping[str, Any]) -> SetupFound:
    paid = strict.members(reply.data)
    if strict.text(paid, "domain") != client.account.domain:
        return SetupFound(False, "wrong_mode", "Paystack answers of the other mode than this deployment's")
    if strict.text(paid, "reference") != details["reference"]:
        raise Odd("reference is another")
    status = strict.text(paid, "status")
    if status in _WAITING:
        return SetupFound(False, "waiting_for_payer", "the payer has not paid on the page yet")
    if status != "success" and status != "reversed":
        said = paid.get("gateway_response")
        return SetupFound(False, "declined", said if isinstance(said, str) else "the bank refused the card")
    charged = _charged(paid)
    try:
        return _kept(paid, details, charged)
    except Odd as odd:
        return SetupFound(
            False, "card_unreadable", f"what was paid with can't be read: {odd}", charged=charged
        )


def _charged(paid: Mapping[str, Any]) -> SetupCharge:
    """Raises Odd."""
    number = str(strict.whole(paid, "id"))
    return SetupCharge(
        movement_id=number,
        provider_ref=number,
        identity=strict.text(paid, "reference"),
        amount_minor=strict.whole(paid, "amount"),
        currency=strict.currency(paid),
        fee_minor=strict.whole_or_none(paid, "fees") or 0,
    )


def _kept(paid: Mapping[str, Any], details: Mapping[str, Any], charged: SetupCharge) -> SetupFound:
    """Raises Odd."""
    card = strict.members(paid.get("authorization"), "authorization")
    if card.get("reusable") is not True:
        text = "this card can't be charged again: use another one"
        return SetupFound(False, "not_reusable", text, charged=charged)
    code = strict.word(card, "authorization_code")
    email = str(strict.members(paid.get("customer"), "customer").get("email") or details["email"])
    label = {name: str(card[name]).strip() for name in _LABEL if card.get(name)}
    kept = {"source": code, "authorization_code": code, "email": email}
    return SetupFound(True, details=kept, label=label, charged=charged)


def _unreadable(odd: Odd) -> ProviderUnavailable:
    return ProviderUnavailable("answer_unreadable", f"Paystack's answer can't be read: {odd}")
