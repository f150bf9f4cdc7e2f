"""Disputes: a payer's bank asks for the money back, and we have a day to answer."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.paystack import customers, errors, events, objects, transactions
from sandbox.gateways.paystack.mount import MOUNT, NAME, PLATFORM, SCHEME
from sandbox.gateways.world import World

Row = dict[str, Any]
OPEN = ("awaiting-merchant-feedback", "awaiting-bank-feedback", "pending")
RESOLUTIONS = ("merchant-accepted", "declined")


def open_dispute(world: World, paid: Row, amount: int | None, category: str) -> Row:
    """The disputed money leaves the balance at once; it comes back if the bank sides with us."""
    disputed = amount or paid["amount"] - paid["_refunded"]
    if disputed > paid["amount"] - paid["_refunded"] - paid["_disputed"]:
        raise ValueError("more than was paid and not refunded can't be disputed")
    number, now = objects.number(world), objects.moment(world)
    code = objects.table(world, "authorizations").get(paid["_code"]) or customers.NOBODY
    row = {
        "id": number, "refund_amount": disputed, "currency": paid["currency"], "status": OPEN[0],
        "domain": objects.domain(world), "category": category, "bin": code["bin"], "last4": code["last4"],
        "resolution": None, "merchant_transaction_reference": paid["reference"], "source": "bank",
        "history": [{"status": OPEN[0], "by": "bank@example.com", "createdAt": now}],
        "messages": [{"sender": "bank@example.com", "body": "The payer disputes this charge", "createdAt": now}],
        "dueAt": objects.moment(world, world.settings(NAME)["dispute_seconds"]), "resolvedAt": None,
        "createdAt": now,
        "attachments": "", "transaction_reference": None, "evidence": None, "note": None,
        "_key": str(number), "_reference": paid["reference"], "_evidence": 0,
    }  # fmt: skip
    paid["_disputed"] += disputed
    objects.keep(world, "transactions", paid)
    _move(world, row, "dispute", PLATFORM, SCHEME)
    objects.keep(world, "disputes", row)
    world.timers.after(world.settings(NAME)["dispute_seconds"], NAME, "dispute_due", dispute=row["_key"])
    events.tell(world, "charge.dispute.create", view(world, row), paid["reference"])
    return row


def close(world: World, row: Row, *, won: bool) -> None:
    """Won: the money comes back."""
    if row["status"] not in OPEN:
        raise ValueError(f"the dispute is {row['status']}")
    now = objects.moment(world)
    row |= {"status": "resolved", "resolution": "declined" if won else "merchant-accepted", "resolvedAt": now}
    row["history"] = [*row["history"], {"status": "resolved", "by": "bank@example.com", "createdAt": now}]
    paid = objects.get(world, "transactions", row["_reference"])
    assert paid is not None
    if won:
        _move(world, row, "dispute_return", SCHEME, PLATFORM)
        paid["_disputed"] -= row["refund_amount"]
        objects.keep(world, "transactions", paid)
    objects.keep(world, "disputes", row)
    events.tell(world, "charge.dispute.resolve", view(world, row), row["_reference"])


@MOUNT.action("dispute_due")
def due(world: World, members: dict[str, Any]) -> None:
    """Nobody answered in time: lost."""
    row = objects.table(world, "disputes").get(members["dispute"])
    if row and row["status"] == OPEN[0]:
        close(world, row, won=False)


@MOUNT.control("dispute")
def by_hand(world: World, data: dict[str, Any]) -> Row:
    """{reference, amount, category}: the payer goes to their bank."""
    paid = objects.get(world, "transactions", data["reference"])
    if paid is None or paid["status"] != "success":
        raise LookupError("no such transaction was paid")
    return objects.shown(open_dispute(world, paid, data.get("amount"), data.get("category", "fraud")))


@MOUNT.control("decide_dispute")
def decided(world: World, data: dict[str, Any]) -> Row:
    """{dispute, won}: the bank decides."""
    row = objects.get(world, "disputes", data["dispute"])
    if row is None:
        raise LookupError("no such dispute")
    close(world, row, won=bool(data["won"]))
    return objects.shown(row)


@MOUNT.route("GET", "/dispute", lookup=True)
def listed(request: Request) -> Answer:
    """By status and transaction."""
    world, query = request.world, request.query
    rows = [row for _, row in objects.table(world, "disputes").items()]
    views = [view(world, row) for row in rows if query.get("status") in (None, row["status"])]
    wanted = query.get("transaction")
    found = [row for row in views if wanted in (None, str(row["transaction"]["id"]))]
    for each in found:
        each["customer"] = {**each["customer"], "metadata": ""}
    return objects.page(request, "Disputes retrieved", found)


@MOUNT.route("GET", "/dispute/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """One dispute."""
    row = objects.find(request, "disputes", request.args["id"], "Dispute")
    return objects.said("Dispute retrieved", view(request.world, row))


@MOUNT.route("POST", "/dispute/{id}/evidence")
def evidence(request: Request) -> Answer:
    """What we say to it."""
    data, world = request.data, request.world
    row = _open(request)
    names = ("customer_email", "customer_name", "customer_phone", "service_details")
    given = {name: objects.text(data, name, required=True) for name in names}
    more = {name: objects.text(data, name) for name in ("delivery_address", "delivery_date")}
    row["_evidence"] = objects.number(world)
    objects.keep(world, "disputes", row)
    now = objects.moment(world)
    stamp = {"dispute": row["id"], "id": row["_evidence"], "createdAt": now, "updatedAt": now}
    return objects.said("Evidence created", {**given, **more, **stamp})


@MOUNT.route("PUT", "/dispute/{id}/resolve")
def resolve(request: Request) -> Answer:
    """Accept it (lost), or decline it and wait for the bank."""
    data, world = request.data, request.world
    row = _open(request)
    resolution = objects.text(data, "resolution", required=True)
    said = objects.text(data, "message", required=True)
    if resolution not in RESOLUTIONS:
        raise errors.invalid("Invalid resolution", "invalid_resolution")
    if resolution == "merchant-accepted":
        close(world, row, won=False)
    else:
        row["status"] = "awaiting-bank-feedback"
        objects.keep(world, "disputes", row)
    now = objects.moment(world)
    message = {"dispute": row["id"], "sender": "us@example.com", "body": said, "id": objects.number(world),
               "createdAt": now, "updatedAt": now}  # fmt: skip
    paid = objects.get(world, "transactions", row["_reference"])
    more = {"integration": objects.INTEGRATION, "transaction": paid["id"] if paid else 0, "created_by": 1,
            "evidence": row["_evidence"], "resolution": resolution, "resolvedAt": row["resolvedAt"] or now}  # fmt: skip
    return objects.said("Dispute successfully resolved", {**objects.shown(row), **more, "message": message})


def view(world: World, row: Row) -> Row:
    """A dispute with its transaction."""
    paid = objects.get(world, "transactions", row["_reference"])
    assert paid is not None
    found = transactions.view(world, paid) | {"plan": {}}
    known = found["metadata"] if isinstance(found["metadata"], dict) else {}
    found["metadata"] = {"custom_fields": [], **known}
    return {**objects.shown(row), "transaction": found, "customer": found["customer"]}


def _open(request: Request) -> Row:
    row = objects.find(request, "disputes", request.args["id"], "Dispute")
    if row["status"] not in OPEN:
        raise errors.invalid("Dispute is already resolved", "dispute_resolved")
    return row


def _move(world: World, row: Row, kind: str, source: Any, target: Any) -> None:
    more = {"reference": row["_reference"], "object_id": row["_key"]}
    world.books.move(kind, source, target, row["refund_amount"], row["currency"], **more)
