"""Refunds: taken from the balance at once, given later; a few need the payer's account."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.paystack import customers, errors, events, objects, transactions
from sandbox.gateways.paystack.mount import MOUNT, NAME, PAYERS, PLATFORM, TRANSIT
from sandbox.gateways.world import World

Row = dict[str, Any]
DAY = 86_400
OPEN = ("pending", "processing", "needs-attention")


@MOUNT.route("POST", "/refund")
def create(request: Request) -> Answer:
    """Of a paid transaction, whole or in part; 400 where less is left. Nothing marks a second one as such."""
    data, world = request.data, request.world
    word = objects.text(data, "transaction", required=True)
    paid = objects.find(request, "transactions", word, "Transaction")
    if paid["status"] not in ("success", "reversed"):
        raise errors.invalid("Transaction has not been paid", "transaction_not_refundable")
    left = paid["amount"] - paid["_refunded"] - paid["_disputed"]
    asked = objects.amount(data, required=False) or left
    if asked > left or not left:
        raise errors.invalid("Refund amount is more than what is left of the transaction", "refund_too_large")
    if world.books.balance(PLATFORM, paid["currency"]) < asked:
        raise errors.invalid("Your balance is too low for this refund", "insufficient_balance")
    row = _make(request, paid, asked)
    paid["_refunded"] += asked
    objects.keep(world, "transactions", paid)
    _move(world, row, "hold", PLATFORM, TRANSIT)
    objects.keep(world, "refunds", row)
    _tell(world, row)
    _travel(request, row, paid)
    return objects.said("Refund has been queued for processing", _made(world, row, paid))


@MOUNT.route("GET", "/refund/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """One refund."""
    row = objects.find(request, "refunds", request.args["id"], "Refund")
    return objects.said("Refund retrieved", view(request.world, row))


@MOUNT.route("GET", "/refund", lookup=True)
def listed(request: Request) -> Answer:
    """By transaction: what a lost answer is looked for in."""
    world, word = request.world, request.query.get("transaction")
    rows = [row for _, row in objects.table(world, "refunds").items()]
    rows = [row for row in rows if word in (None, str(row["transaction"]), row["transaction_reference"])]
    found = objects.page(
        request, "Refunds retrieved", [view(world, row) for row in rows], failedRefundCount=0
    )
    found.payload["meta"]["perPage"] = str(found.payload["meta"]["perPage"])
    return found


@MOUNT.route("POST", "/refund/retry_with_customer_details/{id}")
def retry(request: Request) -> Answer:
    """The payer's account, for one that needs attention."""
    world = request.world
    row = objects.find(request, "refunds", request.args["id"], "Refund")
    if row["status"] != "needs-attention":
        raise errors.invalid("Refund does not need attention", "refund_not_retryable")
    details = request.data.get("refund_account_details")
    if not isinstance(details, dict) or not {"currency", "account_number", "bank_id"} <= details.keys():
        raise errors.invalid("refund_account_details is required", "missing_params")
    row["status"] = "processing"
    objects.keep(world, "refunds", row)
    _tell(world, row)
    world.timers.after(
        world.settings(NAME)["refund_seconds"], NAME, "refund_ends", refund=row["_key"], status="processed"
    )
    more = {"dispute": {}, "settlement": {}, "refunded_at": None, "expected_at": row["_expected"], "channel": "card",
            "bank_reference": None, "reversed_at": None, "session_id": None, "fully_deducted": True}  # fmt: skip
    return objects.said("Refund retried and has been queued for processing", {**view(world, row), **more})


@MOUNT.action("refund_ends")
def ends(world: World, members: dict[str, Any]) -> None:
    """The payer has it, the money is back, or somebody is asked."""
    row = objects.table(world, "refunds").get(members["refund"])
    late = row is not None and row["status"] == "processed" and members["status"] == "failed"
    if row is None or not (late or row["status"] in OPEN):
        return
    was, row["status"] = row["status"], members["status"]
    if row["status"] == "processed":
        _move(world, row, "refund", TRANSIT, PAYERS)
    elif row["status"] == "failed":
        _move(world, row, "return", PAYERS if was == "processed" else TRANSIT, PLATFORM)
        paid = objects.get(world, "transactions", row["transaction_reference"])
        assert paid is not None
        paid["_refunded"] -= row["amount"]
        paid["status"] = "success"
        objects.keep(world, "transactions", paid)
    objects.keep(world, "refunds", row)
    _tell(world, row)


def view(world: World, row: Row) -> Row:
    """A refund as lookups show it."""
    paid = objects.get(world, "transactions", row["transaction_reference"])
    payer = customers.customer(world, paid["_email"]) if paid else {}
    more = {"customer": {**payer, "metadata": ""}, "transaction_amount": paid["amount"] if paid else 0}
    return {**objects.shown(row), **more}


def _travel(request: Request, row: Row, paid: Row) -> None:
    """{outcome: processed, failed, needs-attention or pending (for ever), seconds}; else by the card."""
    world = request.world
    card = customers.card_of(world, paid["_code"])
    fixed = world.outcome(NAME, f"refund:{paid['reference']}", card.number) or {}
    outcome = fixed.get("outcome") or card.refund or "processed"
    seconds = fixed.get("seconds", world.settings(NAME)["refund_seconds"])
    if outcome == "pending":
        return
    world.timers.after(seconds, NAME, "refund_ends", refund=row["_key"], status=outcome)
    if fault := request.fault("late_reversal"):
        world.timers.after(
            seconds + fault.days * DAY, NAME, "refund_ends", refund=row["_key"], status="failed"
        )


def _make(request: Request, paid: Row, asked: int) -> Row:
    data, world = request.data, request.world
    number, now = objects.number(world), objects.moment(world)
    return {
        "id": number, "integration": objects.INTEGRATION, "domain": objects.domain(world),
        "transaction": paid["id"], "transaction_reference": paid["reference"], "currency": paid["currency"],
        "amount": asked, "status": "pending", "refunded_by": "api@example.com", "deducted_amount": asked,
        "customer_note": objects.text(data, "customer_note", default="Refund"),
        "merchant_note": objects.text(data, "merchant_note", default="Refund"), "fully_deducted": 1, "reason": "",
        "createdAt": now, "refund_type": "full" if asked == paid["amount"] else "partial",
        "initiated_by": "api@example.com", "refund_channel": "card", "collect_account_number": False, "channel": "card",
        "dispute": None, "settlement": None, "refunded_at": None, "bank_reference": None, "session_id": None,
        "_key": str(number), "_expected": objects.moment(world, 7 * DAY),
    }  # fmt: skip


def _made(world: World, row: Row, paid: Row) -> Row:
    """As the call that made it shows it: with the transaction."""
    found = transactions.view(world, paid) | {"plan": {}}
    more = {"transaction": found, "fully_deducted": True, "expected_at": row["_expected"]}
    return {**objects.shown(row), **more}


def _tell(world: World, row: Row) -> None:
    """The callback has amounts as text, no number of the refund, and the processor's reference only at its end."""
    payer = {name: view(world, row)["customer"].get(name) for name in ("first_name", "last_name", "email")}
    reference = None if row["status"] in OPEN else f"TRF_{row['_key']}"
    data = {"status": row["status"], "transaction_reference": row["transaction_reference"],
            "refund_reference": reference, "amount": str(row["amount"]), "currency": row["currency"],
            "processor": "instant-transfer", "customer": payer, "integration": row["integration"],
            "domain": row["domain"]}  # fmt: skip
    events.tell(world, f"refund.{row['status']}", data, row["transaction_reference"])


def _move(world: World, row: Row, kind: str, source: Any, target: Any) -> None:
    # Each refund is a movement of its own: Paystack has no word of ours for one but its note.
    more = {
        "reference": row["merchant_note"] if row["merchant_note"] != "Refund" else "",
        "object_id": row["_key"],
    }
    world.books.move(kind, source, target, row["amount"], row["currency"], **more)
