"""Payers: known by their email, and the authorizations that let them be charged again."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.paystack import errors, objects
from sandbox.gateways.paystack.cards import BY_NUMBER, DEFAULT, Card
from sandbox.gateways.paystack.mount import MOUNT
from sandbox.gateways.world import World

Row = dict[str, Any]
WORDS = ("authorization_code", "bin", "last4", "exp_month", "exp_year", "channel", "card_type", "bank",
         "country_code", "brand", "signature", "account_name")  # fmt: skip
RECEIVER = {"receiver_bank": None, "receiver_bank_account_number": None}
NOBODY: Row = {**dict.fromkeys(WORDS, ""), **RECEIVER, "reusable": False}
"""The authorization of what nobody has paid yet."""


def customer(world: World, email: str) -> Row:
    """The customer of this email, made when it is first seen."""
    found = objects.table(world, "customers").get(email.lower())
    if found is None:
        found = {
            "id": objects.number(world), "first_name": "", "last_name": "", "email": email.lower(),
            "customer_code": world.fresh("CUS_", 15), "phone": "", "metadata": {}, "risk_action": "default",
            "international_format_phone": "", "_key": email.lower(),
        }  # fmt: skip
        objects.table(world, "customers").put(email.lower(), found)
    return objects.shown(found)


def authorize(world: World, email: str, card: Card) -> Row:
    """An authorization by which this payer can be charged again."""
    code = world.fresh("AUTH_", 10).lower().replace("auth_", "AUTH_")
    row = {
        "authorization_code": code, "bin": card.number[:6], "last4": card.last4, "exp_month": "12",
        "exp_year": "2030", "channel": "card", "card_type": f"{card.brand} ", "bank": "TEST BANK",
        "country_code": "NG", "brand": card.brand, "reusable": True,
        "signature": f"SIG_{card.number[-10:]}", "account_name": "", **RECEIVER,
        "_key": code, "_email": email.lower(), "_card": card.number, "_active": True,
    }  # fmt: skip
    objects.table(world, "authorizations").put(code, row)
    return row


def authorization(request: Request, code: str, email: str) -> Row:
    """The active authorization of this payer; 400 for another's."""
    found = objects.table(request.world, "authorizations").get(code)
    if found is None or not found["_active"]:
        raise errors.invalid("Authorization code is invalid or inactive", "invalid_authorization")
    if found["_email"] != email.lower():
        raise errors.invalid("Email does not match Authorization code", "email_mismatch")
    return found


def card_of(world: World, code: str) -> Card:
    """The card behind an authorization."""
    found = objects.table(world, "authorizations").get(code)
    return BY_NUMBER[found["_card"]] if found else DEFAULT


@MOUNT.route("POST", "/customer/authorization/deactivate")
def deactivate(request: Request) -> Answer:
    """The payer can't be charged by this one any more."""
    code = objects.text(request.data, "authorization_code", required=True)
    found = objects.find(request, "authorizations", code, "Authorization")
    found["_active"] = False
    objects.table(request.world, "authorizations").put(code, found)
    return Answer({"status": True, "message": "Authorization has been deactivated"})


@MOUNT.control("authorize")
def by_hand(world: World, data: dict[str, Any]) -> Row:
    """{email, card}: a payer who has paid before."""
    customer(world, data["email"])
    return objects.shown(authorize(world, data["email"], BY_NUMBER[data.get("card", DEFAULT.number)]))
