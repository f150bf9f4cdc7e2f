"""Recipients of transfers, and the banks they keep their accounts at."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.paystack import errors, objects
from sandbox.gateways.paystack.mount import MOUNT
from sandbox.gateways.world import World

Row = dict[str, Any]
TYPES = ("nuban", "ghipss", "mobile_money", "basa", "authorization")
BANKS = {
    "057": ("Zenith Bank", "zenith-bank", "NGN", "Nigeria"),
    "058": ("Guaranty Trust Bank", "guaranty-trust-bank", "NGN", "Nigeria"),
    "044": ("Access Bank", "access-bank", "NGN", "Nigeria"),
    "001": ("Test Bank", "test-bank", "NGN", "Nigeria"),
    "MTN": ("MTN", "mtn-mobile-money", "GHS", "Ghana"),
}
UNKNOWN_ACCOUNT = "0000000000"
"""An account that no bank knows."""


@MOUNT.route("POST", "/transferrecipient")
def create(request: Request) -> Answer:
    """The account's recipient: the one that is there if it was named before."""
    data, world = request.data, request.world
    kind = objects.text(data, "type", required=True)
    if kind not in TYPES:
        raise errors.invalid("Invalid recipient type", "invalid_recipient_type")
    name, account, bank = (
        objects.text(data, each, required=True) for each in ("name", "account_number", "bank_code")
    )
    if bank not in BANKS:
        raise errors.invalid("Bank is invalid", "invalid_bank_code")
    if account == UNKNOWN_ACCOUNT:
        raise errors.invalid("Cannot resolve account", "invalid_account_number")
    key = f"{kind}|{bank}|{account}"
    known = world.store.table("paystack.accounts").get(key)
    row = objects.table(world, "recipients").get(known["code"]) if known else None
    if row is None:
        row = _make(request, kind, name, account, bank)
        world.store.table("paystack.accounts").put(key, {"code": row["_key"]})
    return objects.said("Transfer recipient created successfully", objects.shown(row), 201)


@MOUNT.route("GET", "/transferrecipient/{code}", lookup=True)
def seen(request: Request) -> Answer:
    """One recipient."""
    row = objects.find(request, "recipients", request.args["code"], "Recipient")
    return objects.said("Recipient retrieved", objects.shown(row))


@MOUNT.route("GET", "/bank/resolve", lookup=True)
def resolve(request: Request) -> Answer:
    """Whose account it is. Numbers are text: they begin with zeros."""
    account, bank = request.query.get("account_number", ""), request.query.get("bank_code", "")
    if bank not in BANKS or account == UNKNOWN_ACCOUNT or len(account) != 10:
        raise errors.invalid(
            "Could not resolve account name. Check parameters or try again.", "invalid_account"
        )
    found = {"account_number": account, "account_name": holder(account), "bank_id": _id(bank)}
    return objects.said("Account number resolved", found)


@MOUNT.route("GET", "/bank", lookup=True)
def banks(request: Request) -> Answer:
    """All banks of a currency."""
    now, wanted = objects.moment(request.world), request.query.get("currency")
    rows = [
        {"id": _id(code), "name": name, "slug": slug, "code": code, "longcode": "", "gateway": None,
         "pay_with_bank": False, "supports_transfer": True, "available_for_direct_debit": False, "active": True,
         "is_deleted": False, "country": country, "currency": currency, "type": "nuban", "createdAt": now,
         "updatedAt": now}
        for code, (name, slug, currency, country) in BANKS.items()
        if wanted in (None, currency)
    ]  # fmt: skip
    return objects.said("Banks retrieved", rows)


def holder(account: str) -> str:
    """The name on an account."""
    return f"HOLDER OF {account[-4:]}"


def _id(code: str) -> int:
    return list(BANKS).index(code) + 1


def _make(request: Request, kind: str, name: str, account: str, bank: str) -> Row:
    data, world = request.data, request.world
    code = world.fresh("RCP_", 15)
    details = {"authorization_code": None, "account_number": account, "account_name": holder(account),
               "bank_code": bank, "bank_name": BANKS[bank][0]}  # fmt: skip
    row = {
        "active": True, "createdAt": objects.moment(world), "currency": objects.currency(data),
        "description": objects.text(data, "description"), "domain": objects.domain(world), "email": "",
        "id": objects.number(world), "integration": objects.INTEGRATION, "metadata": data.get("metadata"),
        "name": name, "recipient_code": code, "type": kind, "is_deleted": False, "isDeleted": False,
        "details": details, "_key": code,
    }  # fmt: skip
    return objects.keep(world, "recipients", row)


def account_of(world: World, code: str) -> str:
    """The account number behind a recipient."""
    found = objects.table(world, "recipients").get(code)
    return str(found["details"]["account_number"]) if found else ""
