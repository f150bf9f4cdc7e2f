"""Transactions: begun for a payer's page, and looked up."""

import json
from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.paystack import customers, errors, objects
from sandbox.gateways.paystack.mount import MOUNT
from sandbox.gateways.world import World

Row = dict[str, Any]
PATTERN, RULE = r"[A-Za-z0-9.=-]+", "only -, ., = and alphanumeric characters are allowed"


def begin(request: Request, status: str) -> Row:
    """A row for a new reference; 400 if it was used."""
    data, world = request.data, request.world
    email = objects.text(data, "email", required=True)
    if "@" not in email:
        raise errors.invalid("Invalid Email Address Passed", "invalid_email_address")
    reference = objects.reference(data, PATTERN, RULE, fresh=world.fresh("t", 15))
    asked = objects.amount(data)
    if objects.table(world, "transactions").get(reference) is not None:
        raise errors.duplicate()
    now = objects.moment(world)
    row = {
        "id": objects.number(world), "domain": objects.domain(world), "status": status,
        "reference": reference, "amount": asked, "currency": objects.currency(data), "message": None,
        "gateway_response": "The transaction was not completed", "paid_at": None, "createdAt": now,
        "channel": "card", "ip_address": "127.0.0.1", "fees": None, "access_code": world.fresh("", 15).lower(),
        "_key": reference, "_email": email, "_metadata": _metadata(data.get("metadata")), "_code": "",
        "_callback": objects.text(data, "callback_url"), "_refunded": 0, "_disputed": 0,
    }  # fmt: skip
    customers.customer(world, email)
    return objects.keep(world, "transactions", row)


def view(world: World, row: Row) -> Row:
    """A transaction as verify, lists and callbacks show it."""
    found = objects.shown(row)
    del found["access_code"], found["updatedAt"]
    code = objects.table(world, "authorizations").get(row["_code"])
    return found | {
        "receipt_number": None, "created_at": row["createdAt"], "paidAt": row["paid_at"],
        "transaction_date": row["createdAt"], "requested_amount": row["amount"], "log": None,
        "metadata": row["_metadata"], "fees_split": None, "plan": None, "split": {}, "plan_object": {},
        "subaccount": {"currency": None},
        "order_id": None, "pos_transaction_data": None, "source": None, "fees_breakdown": None, "connect": None,
        "authorization": objects.shown(code) if code else dict(customers.NOBODY),
        "customer": customers.customer(world, row["_email"]),
    }  # fmt: skip


@MOUNT.route("POST", "/transaction/initialize")
def initialize(request: Request) -> Answer:
    """A page for a payer; nothing has been paid."""
    row = begin(request, "abandoned")
    return objects.said("Authorization URL created", link(request, row))


def link(request: Request, row: Row) -> Row:
    """Where the payer goes."""
    url = f"{request.base}{MOUNT.path}/pay/{row['access_code']}"
    return {"authorization_url": url, "access_code": row["access_code"], "reference": row["reference"]}


@MOUNT.route("GET", "/transaction/verify/{reference}", lookup=True)
def verify(request: Request) -> Answer:
    """By our reference."""
    row = objects.find(request, "transactions", request.args["reference"], "Transaction reference")
    return objects.said("Verification successful", view(request.world, row))


@MOUNT.route("GET", "/charge/{reference}", lookup=True)
def pending(request: Request) -> Answer:
    """The same of a charge, in another shape."""
    row = objects.find(request, "transactions", request.args["reference"], "Charge reference")
    found = view(request.world, row) | {"redirect_url": None}
    found["metadata"] = found["metadata"] if isinstance(found["metadata"], dict) else {}
    return objects.said("Reference check successful", found)


@MOUNT.route("GET", "/transaction", lookup=True)
def listed(request: Request) -> Answer:
    """By status and customer."""
    world, query = request.world, request.query
    rows = [row for _, row in objects.table(world, "transactions").items()]
    rows = [row for row in rows if query.get("status") in (None, row["status"])]
    volume = sum(row["amount"] for row in rows if row["status"] == "success")
    views = [view(world, row) for row in rows]
    for each in views:
        each |= {"metadata": each["metadata"] or {}, "plan": {}, "paidAt": each["paidAt"] or ""}
    return objects.page(request, "Transactions retrieved", views, total_volume=volume)


@MOUNT.route("GET", "/transaction/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """By Paystack's number."""
    row = objects.find(request, "transactions", request.args["id"], "Transaction")
    found = view(request.world, row) | {"plan": {}, "helpdesk_link": None}
    found["source"] = {"type": "api", "source": "merchant_api", "identifier": None}
    blank = {"paid_at": found["paid_at"] or "", "paidAt": found["paidAt"] or "", "fees": found["fees"] or 0}
    known = found["metadata"] or {}
    return objects.said("Transaction retrieved", found | blank | {"metadata": {"custom_fields": [], **known}})


def _metadata(value: Any) -> Any:
    """An object, or text of one (charge_authorization takes text); empty text where there is none."""
    try:
        found = json.loads(value) if isinstance(value, str) and value else value or ""
    except ValueError:
        found = None
    if found != "" and not isinstance(found, dict):
        raise errors.invalid("metadata is no JSON object", "invalid_metadata")
    return found
