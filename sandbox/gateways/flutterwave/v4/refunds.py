"""Refunds of a charge, whole or in part."""

from typing import Any

from sandbox.gateways.flutterwave import money
from sandbox.gateways.flutterwave.v4 import charges, customers
from sandbox.gateways.flutterwave.v4.mount import MOUNT, NAME, moment, part, priced, refused, said, tell, text
from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.world import World

Row = dict[str, Any]
DAY = 86_400


@MOUNT.route("POST", "/refunds")
def create(request: Request) -> Answer:
    """Taken from the balance at once, given later."""
    data, world = request.data, request.world
    paid = charges.find(request, text(data, "charge_id"))
    left = paid["amount"] - paid["refunded"]
    asked = priced(data["amount"], paid["currency"]) if "amount" in data else left
    if paid["status"] != charges.OK or not left or asked > left:
        raise refused("REFUND_NOT_VALID", "1401400", "The charge can't be refunded by so much")
    if world.books.balance(money.PLATFORM, paid["currency"]) < asked:
        raise refused("INSUFFICIENT_BALANCE", "1402400", "Insufficient balance")
    row = {"id": world.fresh("rfd_", 10), "charge_id": paid["id"], "amount": asked, "currency": paid["currency"],
           "reason": text(data, "reason", "requested_by_customer"), "status": "pending",
           "meta": part(data, "meta") if "meta" in data else {}, "reference": paid["reference"], "key": request.key,
           "created_datetime": moment(world)}  # fmt: skip
    money.move(world, row, "hold", money.PLATFORM, money.TRANSIT, asked)
    paid["refunded"] += asked
    customers.table(world, "charges").put(paid["id"], paid)
    customers.table(world, "refunds").put(row["id"], row)
    fixed = world.outcome(NAME, f"refund:{paid['reference']}") or {}
    status, seconds = (
        fixed.get("outcome", "succeeded"),
        fixed.get("seconds", world.settings(NAME)["refund_seconds"]),
    )
    if status != "pending":
        world.timers.after(seconds, NAME, "refund_ends", refund=row["id"], status=status)
    if late := request.fault("late_reversal"):
        world.timers.after(seconds + late.days * DAY, NAME, "refund_ends", refund=row["id"], status="failed")
    return said("Refund created", view(row), 201)


@MOUNT.route("GET", "/refunds/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """One refund."""
    return said("Refund fetched", view(customers.find(request, "refunds", request.args["id"], "Refund")))


@MOUNT.route("GET", "/refunds", lookup=True)
def listed(request: Request) -> Answer:
    """All, the newest first."""
    rows = customers.table(request.world, "refunds").rows()[::-1]
    return said("Refunds fetched", [view(row) for row in rows], meta={"page_info": {"total": len(rows)}})


@MOUNT.action("refund_ends")
def ends(world: World, members: Row) -> None:
    """Given, or back in the balance, which may be so afterwards."""
    row = customers.table(world, "refunds").get(members["refund"])
    late = row is not None and (row["status"], members["status"]) == ("succeeded", "failed")
    if row is None or not (late or row["status"] == "pending"):
        return
    row["status"], paid = members["status"], customers.table(world, "charges").get(row["charge_id"])
    # Under the key, which is our word for it: one charge may have several refunds in part.
    word = {**row, "reference": row["key"]}
    if row["status"] == "succeeded":
        money.move(world, word, "refund", money.TRANSIT, money.PAYERS, row["amount"])
    else:
        source = money.PAYERS if late else money.TRANSIT
        money.move(world, word, "return", source, money.PLATFORM, row["amount"])
        paid["refunded"] -= row["amount"]
        customers.table(world, "charges").put(paid["id"], paid)
    customers.table(world, "refunds").put(row["id"], row)
    tell(
        world,
        "refund.completed" if row["status"] == "succeeded" else "refund.failed",
        view(row),
        row["reference"],
    )


def view(row: Row) -> Row:
    """As callers see it."""
    hidden = ("key", "currency", "reference")
    found = {name: value for name, value in row.items() if name not in hidden}
    return {**found, "amount_refunded": money.major(row["amount"], row["currency"]),
            "amount": money.major(row["amount"], row["currency"])}  # fmt: skip
