"""Payouts: from a balance to its owner's bank, in steps; what was paid may still come back."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.stripe import errors, events, forms, money, objects
from sandbox.gateways.stripe.mount import MOUNT, NAME, PLATFORM
from sandbox.gateways.world import World

Row = dict[str, Any]
DAY = 86_400
INSTANT_SECONDS = 1800
KNOWN = ("amount", "currency", "description", "destination", "metadata", "method", "source_type",
         "statement_descriptor")  # fmt: skip
MESSAGES = {
    "account_closed": "The bank account has been closed.",
    "no_account": "The bank account details on file are probably incorrect. No bank account could be found.",
    "insufficient_funds": "Your Stripe account has insufficient funds to cover the payout.",
    "could_not_process": "The bank could not process this payout.",
}


@MOUNT.call("POST", "/payouts")
def create(request: Request) -> Answer:
    """``pending``; the money leaves the balance at once. 400 where it is not there or there is no bank."""
    data, world = request.data, request.world
    forms.refuse_unknown(data, KNOWN)
    owner = objects.owner(request)
    amount, currency = forms.amount(data) or 0, forms.currency(data)
    method = forms.choice(data, "method", ("standard", "instant"), "standard")
    bank, fails = _bank(world, owner)
    money.require(world, owner, amount, currency)
    settings = world.settings(NAME)
    seconds = INSTANT_SECONDS if method == "instant" else settings["payout_paid_after"]
    row = _make(request, owner, amount, currency, bank, arrival=int(world.clock.now() + seconds))
    row |= {"method": method, "_fails": _fate(request, row) or fails}
    row["_late"] = fault.days if (fault := request.fault("paid_then_failed")) else None
    money.move(world, "hold", money.available(owner), money.transit(owner), amount, row)
    row["balance_transaction"] = money.note(world, owner, "payout", -amount, row)
    events.tell(world, "payout.created", objects.keep(world, row))
    first = min(settings["payout_in_transit_after"], seconds)
    world.timers.after(first, NAME, "payout_steps", payout=row["id"], status="in_transit")
    world.timers.after(seconds, NAME, "payout_steps", payout=row["id"], status="paid")
    return objects.answer(request, row)


@MOUNT.call("GET", "/payouts", lookup=True)
def listed(request: Request) -> Answer:
    """By status and destination; not by metadata."""
    return objects.page(request, "payouts", ("status", "destination"))


@MOUNT.call("GET", "/payouts/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """One payout."""
    return objects.answer(request, objects.find(request, "payouts", request.args["id"], "payout"))


@MOUNT.call("POST", "/payouts/{id}")
def update(request: Request) -> Answer:
    """Metadata."""
    row = objects.find(request, "payouts", request.args["id"], "payout")
    forms.refuse_unknown(request.data, ("metadata",))
    row["metadata"] = forms.metadata(request.data, row["metadata"])
    return objects.answer(request, objects.keep(request.world, row))


@MOUNT.call("POST", "/payouts/{id}/cancel")
def cancel(request: Request) -> Answer:
    """While it is pending; the money is back in the balance."""
    row = objects.find(request, "payouts", request.args["id"], "payout")
    if row["status"] != "pending":
        raise errors.conflict("Only pending payouts can be canceled.", "payout_not_cancelable")
    row["status"] = "canceled"
    _back(request.world, row, money.transit(row["_account"]), "payout_cancel")
    events.tell(request.world, "payout.canceled", row)
    return objects.answer(request, row)


@MOUNT.call("POST", "/payouts/{id}/reverse")
def reverse(request: Request) -> Answer:
    """Of a paid one: another payout brings the money back."""
    world, row = request.world, objects.find(request, "payouts", request.args["id"], "payout")
    if row["status"] != "paid" or row["reversed_by"]:
        raise errors.conflict("Only paid payouts can be reversed, once.", "payout_not_reversible")
    owner, now = row["_account"], int(world.clock.now())
    made = _make(request, owner, -row["amount"], row["currency"], row["destination"], arrival=now)
    made |= {"original_payout": row["id"], "status": "paid"}
    money.move(world, "return", money.BANKS, money.available(owner), row["amount"], made)
    made["balance_transaction"] = money.note(world, owner, "payout", row["amount"], made)
    row["reversed_by"] = made["id"]
    objects.keep(world, row)
    events.tell(world, "payout.created", objects.keep(world, made))
    return objects.answer(request, made)


@MOUNT.action("payout_steps")
def steps(world: World, members: dict[str, Any]) -> None:
    """On its way, at the bank, or refused by it."""
    row = objects.table(world, "payouts").get(members["payout"])
    if row is None or row["status"] not in ("pending", "in_transit"):
        return
    was = row["status"]
    if members["status"] == "in_transit":
        row["status"] = "in_transit"
        events.tell(world, "payout.updated", objects.keep(world, row), status=was)
    elif row["_fails"]:
        fail(world, row, row["_fails"])
    else:
        row["status"] = "paid"
        money.move(world, "payout", money.transit(row["_account"]), money.BANKS, row["amount"], row)
        events.tell(world, "payout.paid", objects.keep(world, row))
        if row["_late"] is not None:
            world.timers.after(row["_late"] * DAY, NAME, "payout_fails", payout=row["id"])


@MOUNT.action("payout_fails")
def comes_back(world: World, members: dict[str, Any]) -> None:
    """Paid, and then not."""
    row = objects.table(world, "payouts").get(members["payout"])
    if row and row["status"] == "paid" and not row["reversed_by"]:
        fail(world, row, "could_not_process")


@MOUNT.control("fail_payout")
def by_hand(world: World, data: dict[str, Any]) -> Row:
    """{payout, code}: the bank sends it back, paid or not."""
    row = objects.table(world, "payouts").get(data["payout"])
    if row is None or row["status"] not in ("pending", "in_transit", "paid"):
        raise LookupError("no such payout can fail")
    return objects.shown(fail(world, row, data.get("code", "account_closed")))


def fail(world: World, row: Row, code: str) -> Row:
    """The money is back in the balance, by a balance transaction of its own."""
    source = money.BANKS if row["status"] == "paid" else money.transit(row["_account"])
    message = MESSAGES.get(code, "The bank refused this payout.")
    row |= {"status": "failed", "failure_code": code, "failure_message": message}
    row["failure_balance_transaction"] = _back(world, row, source, "payout_failure")
    events.tell(world, "payout.failed", objects.keep(world, row))
    return row


def _bank(world: World, owner: str) -> tuple[str, str]:
    """The bank and why it refuses; the platform has one that doesn't."""
    if owner == PLATFORM:
        return "ba_platform", ""
    account = objects.table(world, "accounts").get(owner)
    assert account is not None
    if not account["payouts_enabled"]:
        raise errors.conflict("Payouts are disabled on this account.", "payouts_not_allowed")
    banks = account["external_accounts"]["data"]
    if not banks:
        raise errors.invalid("Sorry, you don't have any external accounts in that currency.")
    return banks[0]["id"], account["_bank_fails"]


def _fate(request: Request, row: Row) -> str:
    fixed = request.world.outcome(NAME, money.reference(request.world, row), row["_account"]) or {}
    return str(fixed.get("code", "account_closed")) if fixed.get("outcome") == "failed" else ""


def _back(world: World, row: Row, source: money.Account, kind: str) -> str:
    owner = row["_account"]
    money.move(world, "return", source, money.available(owner), row["amount"], row)
    objects.keep(world, row)
    return money.note(world, owner, kind, row["amount"], row)


def _make(request: Request, owner: str, amount: int, currency: str, bank: str, *, arrival: int) -> Row:
    data, world = request.data, request.world
    return objects.make(
        world, "po_", "payout", owner,
        amount=amount, application_fee=None, application_fee_amount=None, arrival_date=arrival, automatic=False,
        balance_transaction=None, currency=currency, description=forms.text(data, "description"), destination=bank,
        failure_balance_transaction=None, failure_code=None, failure_message=None, metadata=forms.metadata(data),
        method="standard", original_payout=None, payout_method=None, reconciliation_status="not_applicable",
        reversed_by=None, source_type="card", statement_descriptor=forms.text(data, "statement_descriptor"),
        status="pending", trace_id=None, type="bank_account", _key=request.key, _fails="", _late=None,
    )  # fmt: skip
