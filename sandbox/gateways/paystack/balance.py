"""The balance, and every change of it: what reconciliation reads."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.paystack import objects
from sandbox.gateways.paystack.mount import MOUNT, NAME, PLATFORM
from sandbox.gateways.world import World

Row = dict[str, Any]
MODELS = {"charge": "Transaction", "fee": "Fee", "hold": "Transfer", "return": "Transfer", "dispute": "Dispute",
          "dispute_return": "Dispute"}  # fmt: skip


@MOUNT.route("GET", "/balance", lookup=True)
def seen(request: Request) -> Answer:
    """By currency."""
    books = request.world.books
    rows = [
        {"currency": each, "balance": books.balance(PLATFORM, each)} for each in books.currencies(PLATFORM)
    ]
    return objects.said("Balances retrieved", rows or [{"currency": "NGN", "balance": 0}])


@MOUNT.route("GET", "/balance/ledger", lookup=True)
def ledger(request: Request) -> Answer:
    """Each change with the balance after it."""
    return objects.page(request, "Balance ledger retrieved", _changes(request.world))


@MOUNT.route("GET", "/settlement", lookup=True)
def settlements(request: Request) -> Answer:
    """None: here every charge is in the balance at once, from which transfers are made."""
    return objects.page(request, "Settlements retrieved", [])


def _changes(world: World) -> list[Row]:
    held: dict[str, int] = {}
    rows = []
    for each in world.books.movements(provider=NAME):
        sign = (each["target"] == str(PLATFORM)) - (each["source"] == str(PLATFORM))
        if not sign:
            continue
        held[each["currency"]] = held.get(each["currency"], 0) + sign * each["amount"]
        when = objects.written(each["at"])
        number = each["object"] if each["object"].isdigit() else "0"
        rows.append({
            "integration": objects.INTEGRATION, "domain": objects.domain(world),
            "balance": held[each["currency"]], "currency": each["currency"], "difference": sign * each["amount"],
            "reason": f"{each['kind']} {each['reference']}".strip(), "id": each["seq"],
            "model_responsible": MODELS.get(each["kind"], "Balance"), "model_row": int(number),
            "createdAt": when, "updatedAt": when,
        })  # fmt: skip
    return rows
