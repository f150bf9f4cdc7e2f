"""Customers and their payment methods."""

from typing import Any

from sandbox.gateways.flutterwave.cards import BY_NUMBER, CARDS, Card
from sandbox.gateways.flutterwave.v4.mount import (
    MOUNT,
    NAME,
    conflict,
    invalid,
    missing,
    moment,
    part,
    said,
    text,
)
from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.world import World

Row = dict[str, Any]


@MOUNT.route("POST", "/customers")
def create(request: Request) -> Answer:
    """By email, once."""
    email = text(request.data, "email")
    if "@" not in email:
        raise invalid("email", "must be an email address")
    if table(request.world, "customers").rows(email=email):
        raise conflict("Customer already exists")
    return said("Customer created", _customer(request.world, email, request.data), 201)


@MOUNT.route("POST", "/customers/search", lookup=True)
def found(request: Request) -> Answer:
    """Those of an email: one, or none."""
    rows = table(request.world, "customers").rows(email=text(request.data, "email"))
    return said("Customers fetched", rows, meta={"page_info": {"total": len(rows)}})


@MOUNT.route("GET", "/customers/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """One customer."""
    return said("Customer fetched", find(request, "customers", request.args["id"], "Customer"))


@MOUNT.route("POST", "/payment-methods")
def method(request: Request) -> Answer:
    """A card, encrypted as only they can read it: here it is a good one."""
    data, world = request.data, request.world
    if text(data, "type") == "card":
        part(data, "card")
    if data.get("customer_id"):
        find(request, "customers", data["customer_id"], "Customer")
    return said("Payment method created", shown(_method(world, data.get("customer_id"), CARDS[0])), 201)


@MOUNT.route("GET", "/payment-methods/{id}", lookup=True)
def kept(request: Request) -> Answer:
    """One method."""
    return said(
        "Payment method fetched", shown(find(request, "methods", request.args["id"], "Payment method"))
    )


@MOUNT.control("authorize")
def authorize(world: World, data: Row) -> Row:
    """{email, card}: a payer who has paid before; {customer_id, payment_method_id}."""
    rows = table(world, "customers").rows(email=data["email"])
    customer = rows[0] if rows else _customer(world, data["email"], {})
    row = _method(world, customer["id"], BY_NUMBER[data.get("card", CARDS[0].number)])
    return {"customer_id": customer["id"], "payment_method_id": row["id"]}


def shown(row: Row) -> Row:
    """A method without its number."""
    return {name: value for name, value in row.items() if name != "number"}


def table(world: World, name: str) -> Any:
    """Rows of one kind."""
    return world.objects(f"{NAME}.{name}")


def find(request: Request, name: str, number: Any, what: str) -> Row:
    """One, or 404."""
    row: Row | None = table(request.world, name).get(str(number))
    if row is None:
        raise missing(what)
    return row


def _customer(world: World, email: str, data: Row) -> Row:
    row: Row = {"id": world.fresh("cus_", 10), "email": email, "name": data.get("name"), "phone": data.get("phone"),
           "address": data.get("address"), "meta": {}, "created_datetime": moment(world)}  # fmt: skip
    table(world, "customers").put(row["id"], row)
    return row


def _method(world: World, customer: str | None, card: Card) -> Row:
    row = {"id": world.fresh("pmd_", 10), "type": "card", "customer_id": customer, "meta": {},
           "card": {"expiry_month": 9, "expiry_year": 32, "first6": card.number[:6], "last4": card.number[-4:],
                    "network": "MASTERCARD"},
           "created_datetime": moment(world), "number": card.number}  # fmt: skip
    table(world, "methods").put(row["id"], row)
    return row
