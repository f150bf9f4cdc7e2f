"""Refunds of a transaction, whole or in part."""

from typing import Any

from sandbox.gateways.flutterwave import money
from sandbox.gateways.flutterwave.v3 import charges
from sandbox.gateways.flutterwave.v3.mount import MOUNT, NAME, amount, missing, refused, said
from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.world import World

Row = dict[str, Any]
DAY = 86_400


@MOUNT.route("POST", "/transactions/{id}/refund")
def create(request: Request) -> Answer:
    """Taken from the balance at once, given later. Nothing marks a second one as such."""
    data, world, paid = request.data, request.world, charges.find(request)
    left = paid["amount"] - paid["refunded"]
    asked = amount(data, paid["currency"]) if "amount" in data else left
    if paid["status"] != charges.OK or not left or asked > left:
        raise refused("This transaction can't be refunded by so much")
    if world.books.balance(money.PLATFORM, paid["currency"]) < asked:
        raise refused("Insufficient balance for this refund")
    number = world.random.randrange(10**6, 2**31)
    row = {"id": number, "reference": paid["reference"], "tx_id": paid["id"], "amount": asked,
           "currency": paid["currency"], "status": "pending", "comments": str(data.get("comments", ""))}  # fmt: skip
    money.move(world, row, "hold", money.PLATFORM, money.TRANSIT, asked)
    paid["refunded"] += asked
    charges.table(world).put(paid["reference"], paid)
    _table(world).put(str(number), row)
    fixed = world.outcome(NAME, f"refund:{paid['reference']}") or {}
    seconds, status = (
        fixed.get("seconds", world.settings(NAME)["refund_seconds"]),
        fixed.get("outcome", "completed"),
    )
    if status != "pending":
        world.timers.after(seconds, NAME, "refund_ends", refund=str(number), status=status)
    if late := request.fault("late_reversal"):
        world.timers.after(
            seconds + late.days * DAY, NAME, "refund_ends", refund=str(number), status="failed"
        )
    return said("Transaction refund initiated", view(row))


@MOUNT.route("GET", "/refunds/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """One refund."""
    row = _table(request.world).get(request.args["id"])
    if row is None:
        raise missing(request.world, "Refund not found")
    return said("Refund fetched", view(row))


@MOUNT.route("GET", "/refunds", lookup=True)
def listed(request: Request) -> Answer:
    """All, the newest first; the call knows no filter by transaction."""
    return said("Refunds fetched", [view(row) for _, row in _table(request.world).items()][::-1])


@MOUNT.action("refund_ends")
def ends(world: World, members: Row) -> None:
    """Given, or back in the balance, which may be so afterwards."""
    row = _table(world).get(members["refund"])
    late = row is not None and (row["status"], members["status"]) == ("completed", "failed")
    if row is None or not (late or row["status"] == "pending"):
        return
    row["status"] = members["status"]
    given = row["status"] == "completed"
    paid = charges.table(world).get(row["reference"])
    assert paid is not None
    # One charge may have several in part: v3 has no word of ours for one but its comments.
    word = {**row, "reference": row["comments"]}
    if given:
        money.move(world, word, "refund", money.TRANSIT, money.PAYERS, row["amount"])
    else:
        source = money.PAYERS if late else money.TRANSIT
        money.move(world, word, "return", source, money.PLATFORM, row["amount"])
        paid["refunded"] -= row["amount"]
        charges.table(world).put(paid["reference"], paid)
    _table(world).put(members["refund"], row)
    payload = {"event": "refund.completed", "data": view(row)}
    world.hooks.send(NAME, "refund.completed", payload, reference=row["reference"])


def view(row: Row) -> Row:
    """As callers see it."""
    shown = money.major(row["amount"], row["currency"])
    more = {"tx_ref": row["reference"], "flw_ref": f"FLW-MOCK-{row['tx_id']}"}
    return {**row, **more, "amount_refunded": shown, "amount": shown}


def _table(world: World) -> Any:
    return world.objects(f"{NAME}.refunds")
