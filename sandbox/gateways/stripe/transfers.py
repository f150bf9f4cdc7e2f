"""Transfers: from the platform's balance to a connected account's, at once, and back by reversals."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.stripe import errors, events, forms, money, objects
from sandbox.gateways.stripe.mount import MOUNT, NAME, PLATFORM
from sandbox.gateways.world import World

Row = dict[str, Any]
KNOWN = ("amount", "currency", "destination", "description", "metadata", "source_transaction", "source_type",
         "transfer_group")  # fmt: skip


@MOUNT.call("POST", "/transfers")
def create(request: Request) -> Answer:
    """There is no status: 200 means that it moved. 400 balance_insufficient else."""
    data, world = request.data, request.world
    forms.refuse_unknown(data, KNOWN)
    currency = forms.currency(data)
    destination = _destination(request)
    source = forms.text(data, "source_transaction")
    charge = objects.find(request, "charges", source, "source_transaction") if source else None
    amount = forms.amount(data, required=charge is None) or (charge["amount"] if charge else 0)
    early = bool(charge and charge["_unsettled"] >= amount)
    if not early:
        money.require(world, PLATFORM, amount, currency)
    row = objects.make(
        world, "tr_", "transfer", PLATFORM,
        amount=amount, amount_reversed=0, balance_transaction=None, currency=currency,
        description=forms.text(data, "description"), destination=destination,
        destination_payment=world.fresh("py_"), metadata=forms.metadata(data), reversals={}, reversed=False,
        source_transaction=source, source_type=forms.text(data, "source_type") or "card",
        transfer_group=forms.text(data, "transfer_group"), _key=request.key,
    )  # fmt: skip
    _move(world, row, charge if early else None)
    _show_reversals(world, row)
    events.tell(world, "transfer.created", row)
    return objects.answer(request, row)


@MOUNT.call("GET", "/transfers", lookup=True)
def listed(request: Request) -> Answer:
    """By ``transfer_group``: how a lost answer is found."""
    return objects.page(request, "transfers", ("destination", "transfer_group"))


@MOUNT.call("GET", "/transfers/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """One transfer."""
    return objects.answer(request, objects.find(request, "transfers", request.args["id"], "transfer"))


@MOUNT.call("POST", "/transfers/{id}")
def update(request: Request) -> Answer:
    """Metadata and description."""
    row = objects.find(request, "transfers", request.args["id"], "transfer")
    forms.refuse_unknown(request.data, ("metadata", "description"))
    row["metadata"] = forms.metadata(request.data, row["metadata"])
    events.tell(request.world, "transfer.updated", objects.keep(request.world, row))
    return objects.answer(request, row)


@MOUNT.call("POST", "/transfers/{id}/reversals")
def reverse(request: Request) -> Answer:
    """Claw back, whole or in part; 400 where the account has it no more."""
    row, data, world = (
        objects.find(request, "transfers", request.args["id"], "transfer"),
        request.data,
        request.world,
    )
    forms.refuse_unknown(data, ("amount", "description", "metadata", "refund_application_fee"))
    left = row["amount"] - row["amount_reversed"]
    amount = forms.amount(data, required=False) or left
    if amount > left or left == 0:
        message = f"Amount to reverse ({amount}) is greater than what was not reversed ({left})"
        raise errors.conflict(message, "amount_too_large", param="amount")
    money.require(world, row["destination"], amount, row["currency"])
    made = objects.make(
        world, "trr_", "transfer_reversal", PLATFORM,
        amount=amount, balance_transaction=None, currency=row["currency"], destination_payment_refund=None,
        metadata=forms.metadata(data), source_refund=None, transfer=row["id"], _key=request.key,
    )  # fmt: skip
    del made["livemode"]
    money.move(
        world, "reversal", money.available(row["destination"]), money.available(PLATFORM), amount, made
    )
    money.note(world, row["destination"], "transfer_refund", -amount, made)
    made["balance_transaction"] = money.note(world, PLATFORM, "transfer_refund", amount, made)
    objects.keep(world, made)
    row["amount_reversed"] += amount
    row["reversed"] = row["amount_reversed"] == row["amount"]
    _show_reversals(world, row)
    events.tell(world, "transfer.reversed", row)
    return objects.answer(request, made)


@MOUNT.call("GET", "/transfers/{id}/reversals", lookup=True)
def reversals(request: Request) -> Answer:
    """Of one transfer."""
    row = objects.find(request, "transfers", request.args["id"], "transfer")
    return objects.page(request, "reversals", transfer=row["id"])


@MOUNT.call("GET", "/transfers/{id}/reversals/{reversal}", lookup=True)
def reversal(request: Request) -> Answer:
    """One reversal."""
    return objects.answer(request, objects.find(request, "reversals", request.args["reversal"], "reversal"))


def _destination(request: Request) -> str:
    number = forms.text(request.data, "destination", required=True)
    account = objects.find(request, "accounts", number, "destination")
    if account["capabilities"]["transfers"] != "active":
        message = "Your destination account needs to have the transfers capability enabled."
        raise errors.conflict(message, "insufficient_capabilities_for_transfer")
    found: str = account["id"]
    return found


def _move(world: World, row: Row, charge: Row | None) -> None:
    """Out of the available balance; with a charge, out of what is still on its way, to be available with it."""
    target, later = money.available(row["destination"]), 0
    source = money.available(PLATFORM)
    if charge:
        noted = objects.table(world, "balance_transactions").get(charge["balance_transaction"])
        assert noted is not None
        later = max(1, noted["available_on"] - int(world.clock.now()))
        source, target = money.pending(PLATFORM), money.pending(row["destination"])
        charge["_unsettled"] -= row["amount"]
        objects.keep(world, charge)
        members = {"account": row["destination"], "amount": row["amount"], "currency": row["currency"]}
        world.timers.after(later, NAME, "settle", **members)
    money.move(world, "transfer", source, target, row["amount"], row)
    row["balance_transaction"] = money.note(world, PLATFORM, "transfer", -row["amount"], row)
    money.note(world, row["destination"], "payment", row["amount"], row, later=later)


def _show_reversals(world: World, row: Row) -> None:
    made = [objects.shown(each) for each in objects.table(world, "reversals").rows(transfer=row["id"])]
    url = f"/v1/transfers/{row['id']}/reversals"
    row["reversals"] = {"object": "list", "data": list(reversed(made)), "has_more": False, "url": url}
    objects.keep(world, row)
