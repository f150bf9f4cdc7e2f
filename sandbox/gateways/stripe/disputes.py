"""Disputes: a payer's bank takes the money back until somebody is right."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.stripe import events, forms, money, objects
from sandbox.gateways.stripe.errors import conflict
from sandbox.gateways.stripe.mount import MOUNT, NAME
from sandbox.gateways.world import World

Row = dict[str, Any]
EVIDENCE_SECONDS = 7 * 86_400
OPEN = ("needs_response", "under_review")


def open_dispute(world: World, charge: Row, reason: str, amount: int | None) -> Row:
    """The money and a fee leave the balance at once; what is disputed defaults to what was not refunded."""
    now, owner = int(world.clock.now()), charge["_account"]
    disputed = amount or charge["amount"] - charge["amount_refunded"]
    if disputed > charge["amount"] - charge["amount_refunded"]:
        raise ValueError("more than was paid and not refunded can't be disputed")
    row = objects.make(
        world, "dp_", "dispute", owner,
        amount=disputed, balance_transactions=[], charge=charge["id"], currency=charge["currency"],
        enhanced_eligibility_types=[], evidence={}, is_charge_refundable=False,
        evidence_details={"due_by": now + EVIDENCE_SECONDS, "enhanced_eligibility": {}, "has_evidence": False,
                          "past_due": False, "submission_count": 0},
        metadata={}, payment_intent=charge["payment_intent"], reason=reason, status="needs_response",
        payment_method_details={"card": {"brand": "visa", "case_type": "chargeback", "network_reason_code": "10.4"},
                                "type": "card"},
        _words=charge["metadata"],
    )  # fmt: skip
    fee = world.settings(NAME)["dispute_fee"]
    known = {**row, "metadata": charge["metadata"]}
    money.move(world, "dispute", money.available(owner), money.SCHEME, disputed, known)
    if fee:
        money.move(world, "fee", money.available(owner), money.FEES, fee, known)
    _note(world, row, -disputed, fee)
    charge["disputed"] = True
    objects.keep(world, charge)
    world.timers.after(EVIDENCE_SECONDS, NAME, "evidence_due", dispute=row["id"])
    events.tell(world, "charge.dispute.created", objects.keep(world, row))
    events.tell(world, "charge.dispute.funds_withdrawn", row)
    return row


def close(world: World, row: Row, *, won: bool) -> Row:
    """The bank decides. Won: the money comes back, the fee doesn't."""
    if row["status"] not in OPEN:
        raise ValueError(f"the dispute is {row['status']}")
    row["status"] = "won" if won else "lost"
    if won:
        known = {**row, "metadata": row["_words"]}
        money.move(
            world, "dispute_return", money.SCHEME, money.available(row["_account"]), row["amount"], known
        )
        _note(world, row, row["amount"], 0)
    events.tell(world, "charge.dispute.closed", objects.keep(world, row))
    if won:
        events.tell(world, "charge.dispute.funds_reinstated", row)
    return row


@MOUNT.action("evidence_due")
def evidence_due(world: World, members: dict[str, Any]) -> None:
    """Nobody answered in time: lost."""
    row = objects.table(world, "disputes").get(members["dispute"])
    if row and row["status"] == "needs_response":
        row["evidence_details"]["past_due"] = True
        close(world, row, won=False)


@MOUNT.control("dispute")
def by_hand(world: World, data: dict[str, Any]) -> Row:
    """{charge or payment_intent, reason, amount}: the payer goes to their bank."""
    number = data.get("charge") or (
        objects.table(world, "payment_intents").get(data["payment_intent"]) or {}
    ).get("latest_charge")
    charge = objects.table(world, "charges").get(number or "")
    if charge is None or not charge["paid"]:
        raise LookupError("no such charge was paid")
    return objects.shown(open_dispute(world, charge, data.get("reason", "fraudulent"), data.get("amount")))


@MOUNT.control("decide_dispute")
def decided(world: World, data: dict[str, Any]) -> Row:
    """{dispute, won}: the bank decides."""
    row = objects.table(world, "disputes").get(data["dispute"])
    if row is None:
        raise LookupError("no such dispute")
    return objects.shown(close(world, row, won=bool(data["won"])))


@MOUNT.call("GET", "/disputes", lookup=True)
def listed(request: Request) -> Answer:
    """By charge or intent."""
    return objects.page(request, "disputes", ("charge", "payment_intent"))


@MOUNT.call("GET", "/disputes/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """One dispute."""
    return objects.answer(request, objects.find(request, "disputes", request.args["id"], "dispute"))


@MOUNT.call("POST", "/disputes/{id}")
def answered(request: Request) -> Answer:
    """Evidence; with ``submit`` it goes to the bank."""
    row, data = objects.find(request, "disputes", request.args["id"], "dispute"), request.data
    forms.refuse_unknown(data, ("evidence", "metadata", "submit"))
    if row["status"] not in OPEN:
        raise conflict("This dispute is already closed.", "dispute_closed")
    row["evidence"] |= data.get("evidence") or {}
    row["metadata"] = forms.metadata(data, row["metadata"])
    row["evidence_details"]["has_evidence"] = bool(row["evidence"])
    if forms.boolean(data, "submit"):
        row["evidence_details"]["submission_count"] += 1
        row["status"] = "under_review"
    events.tell(request.world, "charge.dispute.updated", objects.keep(request.world, row))
    return objects.answer(request, row)


@MOUNT.call("POST", "/disputes/{id}/close")
def conceded(request: Request) -> Answer:
    """Give it up: lost."""
    row = objects.find(request, "disputes", request.args["id"], "dispute")
    if row["status"] not in OPEN:
        raise conflict("This dispute is already closed.", "dispute_closed")
    return objects.answer(request, close(request.world, row, won=False))


def _note(world: World, row: Row, amount: int, fee: int) -> None:
    number = money.note(world, row["_account"], "adjustment", amount, row, fee=fee)
    noted = objects.table(world, "balance_transactions").get(number)
    assert noted is not None
    row["balance_transactions"].append(objects.shown(noted))
    objects.keep(world, row)
