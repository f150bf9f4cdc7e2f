"""The page of a payer: a card to choose, or their bank that asks."""

from typing import Any
from urllib.parse import parse_qs, quote

from sandbox.gateways.messages import Answer, Refused, Request
from sandbox.gateways.pages import choice, form, page, redirect
from sandbox.gateways.paystack import charging, customers, objects
from sandbox.gateways.paystack.cards import BY_NUMBER, CARDS
from sandbox.gateways.paystack.mount import MOUNT
from sandbox.gateways.world import World

Row = dict[str, Any]
OPEN = ("abandoned", "ongoing", "failed")


@MOUNT.route("GET", "/pay/{code}", page=True)
def show(request: Request) -> Answer:
    """What is asked of the payer now."""
    row = _row(request)
    facts = {"Status": row["status"], "Amount": f"{row['amount']} {row['currency']} in minor units",
             "Reference": row["reference"]}  # fmt: skip
    action = f"{MOUNT.path}/pay/{row['access_code']}"
    if row["status"] not in OPEN:
        return page("Nothing is asked of you", facts)
    if row["_code"]:
        return page(
            "Your bank asks: was it you?", facts, [form(action, {"yes": "It was me", "no": "Not me"})]
        )
    options = {card.number: f"{card.number} {card.refusal or card.brand}" for card in CARDS}
    buttons = {"card": "Pay", "lapse": "Leave"}
    return page("Pay with Paystack", facts, [form(action, buttons, choice("card", options))])


@MOUNT.route("POST", "/pay/{code}", page=True)
def press(request: Request) -> Answer:
    """A button: the card is charged, or refused."""
    row = _row(request)
    pressed = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    if pressed.get("do") == "card" and pressed.get("card") not in BY_NUMBER:
        raise Refused(400, b"no such test card")
    act(request.world, row, pressed.get("do", ""), pressed.get("card", CARDS[0].number))
    back = row["_callback"]
    if not back or row["status"] == "abandoned":
        return redirect(f"{MOUNT.path}/pay/{row['access_code']}")
    word = quote(row["reference"])
    return redirect(f"{back}{'&' if '?' in back else '?'}trxref={word}&reference={word}")


@MOUNT.control("pay")
def by_hand(world: World, data: dict[str, Any]) -> Row:
    """{reference, card} pays, {reference, agrees: false} refuses; what the payer then sees of it."""
    row = objects.get(world, "transactions", data["reference"])
    if row is None:
        raise LookupError("no such transaction")
    act(world, row, "yes" if data.get("agrees", True) else "no", data.get("card", CARDS[0].number))
    return {"status": row["status"], "reference": row["reference"]}


def act(world: World, row: Row, pressed: str, number: str) -> None:
    """What a payer does."""
    if row["status"] not in OPEN or pressed == "lapse":
        return
    if pressed == "no":
        charging.fail(world, row, "Declined by the payer")
        return
    if not row["_code"]:
        card = BY_NUMBER[number]
        if card.refusal:
            charging.fail(world, row, card.refusal)
            return
        row["_code"] = customers.authorize(world, row["_email"], card)["authorization_code"]
    charging.pay(world, row)


def _row(request: Request) -> Row:
    row = objects.get(request.world, "transactions", request.args["code"])
    if row is None or row["access_code"] != request.args["code"]:
        raise Refused(404, b"no such payment")
    return row
