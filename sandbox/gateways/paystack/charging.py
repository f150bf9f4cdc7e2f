"""Money comes: a known payer is charged, or one pays on the page."""

import json
from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.paystack import customers, disputes, events, objects, transactions
from sandbox.gateways.paystack.cards import Card
from sandbox.gateways.paystack.mount import FEES, MOUNT, NAME, PAYERS, PLATFORM
from sandbox.gateways.world import World

Row = dict[str, Any]
DAY = 86_400
LATER = ("queued", "pending", "processing", "ongoing")
"""Outcomes in which the money moves afterwards, or never."""


@MOUNT.route("POST", "/transaction/charge_authorization")
def charge(request: Request) -> Answer:
    """200 whatever the bank said. With ``paused`` there was no charge: the issuer wants the payer."""
    data, world = request.data, request.world
    email = objects.text(data, "email", required=True)
    code = customers.authorization(request, objects.text(data, "authorization_code", required=True), email)
    row = transactions.begin(request, "pending")
    row["_code"] = code["authorization_code"]
    card = customers.card_of(world, row["_code"])
    row["_late"] = fault.days if (fault := request.fault("late_reversal")) else None
    fixed = world.outcome(NAME, row["reference"], row["_code"], email, card.number) or _own(card)
    outcome = "queued" if data.get("queue") is True and fixed["outcome"] == "success" else fixed["outcome"]
    if outcome == "paused":
        row["status"] = "ongoing"
        objects.keep(world, "transactions", row)
        return objects.said("Please, redirect your customer to the authorization url provided",
                            {**transactions.link(request, row), "paused": True})  # fmt: skip
    if outcome in LATER:
        _wait(world, row, outcome, fixed)
    elif outcome == "success":
        pay(world, row)
    else:
        fail(world, row, fixed.get("gateway_response", "Declined"), outcome)
    return objects.said("Charge attempted", _view(world, row))


def pay(world: World, row: Row) -> None:
    """The payer's money is ours, less the fee."""
    settings, more = world.settings(NAME), {"reference": row["reference"], "object_id": str(row["id"])}
    fee = min(settings["fee_cap"], row["amount"] * settings["fee_basis_points"] // 10_000)
    world.books.move("charge", PAYERS, PLATFORM, row["amount"], row["currency"], **more)
    if fee:
        world.books.move("fee", PLATFORM, FEES, fee, row["currency"], **more)
    row |= {
        "status": "success",
        "gateway_response": "Approved",
        "fees": fee,
        "paid_at": objects.moment(world),
    }
    objects.keep(world, "transactions", row)
    events.tell(world, "charge.success", transactions.view(world, row), row["reference"])
    if row.get("_late") is not None:
        world.timers.after(row["_late"] * DAY, NAME, "goes_to_bank", reference=row["reference"])


def fail(world: World, row: Row, response: str, status: str = "failed") -> None:
    """Nothing moves, and nobody is told."""
    row |= {"status": status, "gateway_response": response, "message": response}
    objects.keep(world, "transactions", row)


@MOUNT.action("charge_ends")
def ends(world: World, members: dict[str, Any]) -> None:
    """What was queued or processing comes to its end."""
    row = objects.table(world, "transactions").get(members["reference"])
    if row is None or row["status"] not in LATER:
        return
    if members["then"] == "success":
        pay(world, row)
    else:
        fail(world, row, members["response"])


@MOUNT.action("goes_to_bank")
def reversal(world: World, members: dict[str, Any]) -> None:
    """A payer of a while ago goes to their bank."""
    row = objects.table(world, "transactions").get(members["reference"])
    if row and row["status"] == "success" and not row["_disputed"] and row["_refunded"] < row["amount"]:
        disputes.open_dispute(world, row, None, "chargeback")


def _own(card: Card) -> Row:
    if card.asks:
        return {"outcome": "paused"}
    return {"outcome": "failed" if card.refusal else "success", "gateway_response": card.refusal}


def _wait(world: World, row: Row, status: str, fixed: Row) -> None:
    """``then``: success unless said otherwise; ``never``: it stays as it is."""
    row |= {"status": status, "gateway_response": ""}
    objects.keep(world, "transactions", row)
    then = fixed.get("then", "success")
    if then != "never":
        seconds = fixed.get("seconds", world.settings(NAME)["queue_seconds"])
        response = fixed.get("gateway_response") or "Declined"
        world.timers.after(seconds, NAME, "charge_ends", reference=row["_key"], then=then, response=response)


def _view(world: World, row: Row) -> Row:
    """As this call shows it: metadata is text."""
    found = transactions.view(world, row)
    return found | {"metadata": json.dumps(found["metadata"]) if found["metadata"] else ""}
