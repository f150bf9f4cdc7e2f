"""Keep a payer's card: they pay the smallest amount on Paystack's page, we keep the authorization and give it back.

Paystack has no other way to keep one. The amount is given back before the card is granted, so what is granted owes
nothing; a full refund can be asked for once, and it is looked for in the list before it is asked for.
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
from engine.providers.paystack import findings, identity, pages, strict
from engine.providers.paystack.client import Client, Refused, Reply
from engine.providers.paystack.sheet import LEAST_MINOR
from engine.providers.paystack.strict import Odd

log = structlog.get_logger(__name__)
_TURNS = 9
_LABEL = ("brand", "last4", "exp_month", "exp_year", "bank")
_WAITING = ("abandoned", "ongoing", "pending", "processing", "queued")
_NOTE = "A card was kept; its check is given back"


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
    """What became of it: a card that can be charged again, once its check is on the way back. Calls out.

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
    checked = _given_back(client, paid)
    card = strict.members(paid.get("authorization"), "authorization")
    if card.get("reusable") is not True:
        return SetupFound(False, "not_reusable", "this card can't be charged again: use another one")
    code = strict.word(card, "authorization_code")
    email = str(strict.members(paid.get("customer"), "customer").get("email") or details["email"])
    kept = {"source": code, "authorization_code": code, "email": email, "checked": checked}
    label = {name: str(card[name]).strip() for name in _LABEL if card.get(name)}
    return SetupFound(True, details=kept, label=label)


def _given_back(client: Client, paid: Mapping[str, Any]) -> dict[str, Any]:
    """What the check moved, given back once. Raises Fault and Odd: then nothing is granted yet."""
    number, amount = strict.whole(paid, "id"), strict.whole(paid, "amount")
    moved = {
        "movement_id": str(number),
        "amount_minor": amount,
        "fee_minor": strict.whole_or_none(paid, "fees") or 0,
        "currency": strict.currency(paid),
    }
    mine = {str(number), str(paid.get("reference"))}
    for row in pages.rows(client, "/refund", {"transaction": str(number)}, most=1):
        if mine & {str(row.get("transaction")), str(row.get("transaction_reference"))}:
            return {**moved, "refund": f"refund:{strict.whole(row, 'id')}"}
    body = {
        "transaction": strict.text(paid, "reference"),
        "amount": amount,
        "currency": moved["currency"],
        "merchant_note": _NOTE,
    }
    try:
        reply = client.post("/refund", json.dumps(body).encode(), operation="refund")
    except Refused as refused:
        # Nothing left of it, or a balance that is too low: the card is good all the same, and a person is told.
        log.error("the check of a card was not given back", transaction=number, reason=refused.message)
        return {**moved, "refund": "", "refused": refused.message}
    return {**moved, "refund": f"refund:{strict.whole(strict.members(reply.data), 'id')}"}


def _unreadable(odd: Odd) -> ProviderUnavailable:
    return ProviderUnavailable("answer_unreadable", f"Paystack's answer can't be read: {odd}")
