"""The balance, every change of it, and what of it was paid into our bank: what reconciliation reads."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.paystack import objects
from sandbox.gateways.paystack.mount import FEES, MOUNT, NAME, PLATFORM, TREASURY
from sandbox.gateways.world import World

Row = dict[str, Any]
MODELS = {"charge": "Transaction", "fee": "Fee", "hold": "Transfer", "return": "Transfer", "dispute": "Dispute",
          "dispute_return": "Dispute", "settlement": "Settlement"}  # fmt: skip


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
    """Those that were made. None by itself: here a charge is in the balance at once, from which transfers are made."""
    rows = [objects.shown(row) for _, row in objects.table(request.world, "settlements").items()]
    return objects.page(request, "Settlements retrieved", rows)


@MOUNT.control("settle")
def settle(world: World, data: Row) -> Row:
    """{currency}: all of the balance is paid into our bank."""
    currency, books = data["currency"], world.books
    amount, settled = books.balance(PLATFORM, currency), objects.table(world, "settlements")
    if amount <= 0:
        raise ValueError("there is nothing to settle")
    earlier = sum(row["total_fees"] for _, row in settled.items() if row["currency"] == currency)
    fees, now, number = books.balance(FEES, currency) - earlier, objects.moment(world), objects.number(world)
    row = {
        "id": number, "domain": objects.domain(world), "status": "success", "currency": currency,
        "integration": objects.INTEGRATION, "total_amount": amount, "effective_amount": amount, "total_fees": fees,
        "total_processed": amount + fees, "deductions": None, "settlement_date": now, "settled_by": None,
        "createdAt": now, "_key": str(number),
    }  # fmt: skip
    books.move("settlement", PLATFORM, TREASURY, amount, currency, object_id=str(number))
    return objects.shown(objects.keep(world, "settlements", row))


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
