"""The balance of whoever asks, and the transactions that made it."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.stripe import events, money, objects
from sandbox.gateways.stripe.mount import MOUNT, NAME
from sandbox.gateways.world import World


@MOUNT.call("GET", "/balance", lookup=True)
def seen(request: Request) -> Answer:
    """Available and pending, by currency."""
    world, owner = request.world, objects.owner(request)
    return Answer(
        {
            "object": "balance",
            "available": _amounts(world, money.available(owner)),
            "livemode": world.settings(NAME)["livemode"],
            "pending": _amounts(world, money.pending(owner)),
        }
    )


@MOUNT.call("GET", "/balance_transactions", lookup=True)
def listed(request: Request) -> Answer:
    """By type, currency and source."""
    return objects.page(request, "balance_transactions", ("type", "currency", "source"))


@MOUNT.call("GET", "/balance_transactions/{id}", lookup=True)
def one(request: Request) -> Answer:
    """One of them."""
    return objects.answer(request, objects.find(request, "balance_transactions", request.args["id"]))


@MOUNT.action("now_available")
def now_available(world: World, members: dict[str, Any]) -> None:
    """What a charge brought, less what has left it since, may be paid out."""
    noted = objects.table(world, "balance_transactions").get(members["transaction"])
    assert noted is not None
    noted["status"] = "available"
    objects.keep(world, noted)
    charge = objects.table(world, "charges").get(noted["source"])
    if charge and charge["_unsettled"] > 0:
        _settle(world, charge["_account"], charge["_unsettled"], charge["currency"])
        charge["_unsettled"] = 0
        objects.keep(world, charge)


@MOUNT.action("settle")
def settle(world: World, members: dict[str, Any]) -> None:
    """The same of what was transferred while it was on its way."""
    _settle(world, members["account"], members["amount"], members["currency"])


def _settle(world: World, owner: str, amount: int, currency: str) -> None:
    world.books.move("settle", money.pending(owner), money.available(owner), amount, currency)
    shown = {
        "object": "balance",
        "available": _amounts(world, money.available(owner)),
        "livemode": world.settings(NAME)["livemode"],
        "pending": _amounts(world, money.pending(owner)),
        "id": "balance",
        "_account": owner,
    }
    events.tell(world, "balance.available", shown)


def _amounts(world: World, account: money.Account) -> list[dict[str, Any]]:
    held = [
        (currency, world.books.balance(account, currency)) for currency in world.books.currencies(account)
    ]
    rows = [
        {"amount": amount, "currency": currency.lower(), "source_types": {"card": amount}}
        for currency, amount in held
    ]
    return rows or [{"amount": 0, "currency": "usd", "source_types": {"card": 0}}]
