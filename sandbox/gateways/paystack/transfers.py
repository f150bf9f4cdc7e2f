"""Transfers: from the balance to a bank. Our reference names each, once."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.paystack import errors, events, objects, recipients
from sandbox.gateways.paystack.mount import BANKS, FEES, MOUNT, NAME, PLATFORM, TRANSIT
from sandbox.gateways.world import World

Row = dict[str, Any]
DAY = 86_400
OTP_SECONDS = 1800
PATTERN, RULE = r"[a-z0-9_-]{16,50}", "16 to 50 lower case letters, digits, - and _"
OPEN = ("pending", "received", "otp")
ENDS = ("success", "failed", "reversed", "blocked", "rejected", "abandoned")


@MOUNT.route("POST", "/transfer")
def create(request: Request) -> Answer:
    """The money leaves the balance at once, and arrives later; 400 where it is not there."""
    data, world = request.data, request.world
    _source(data)
    reference = objects.reference(data, PATTERN, RULE)
    found = objects.table(world, "transfers").get(reference)
    if found is not None:
        if world.settings(NAME)["repeated_transfer"] == "reject":
            raise errors.duplicate(
                "Please provide a unique reference. Reference already exists on a transfer"
            )
        return objects.said("Transfer has been queued", _made(world, found))
    objects.find(request, "recipients", objects.text(data, "recipient", required=True), "Recipient")
    row = send(request, data, reference, objects.currency(data))
    if row is None:
        message = "Your balance is not enough to fulfil this request"
        raise errors.invalid(message, "insufficient_balance", "Top up your balance.")
    otp = row["status"] == "otp"
    return objects.said(
        f"Transfer {'requires OTP to continue' if otp else 'has been queued'}", _made(world, row)
    )


@MOUNT.route("POST", "/transfer/bulk")
def bulk(request: Request) -> Answer:
    """Each item for itself; the answer's order is not promised."""
    data, world = request.data, request.world
    _source(data)
    items = data.get("transfers")
    if not isinstance(items, list) or not items or not all(isinstance(each, dict) for each in items):
        raise errors.invalid("transfers is required", "missing_params")
    if world.settings(NAME)["transfer_otp"]:
        raise errors.invalid("Transfers by bulk need OTP to be switched off", "transfer_otp_enabled")
    currency, told = objects.currency(data), []
    for each in items:
        reference = objects.reference(each, PATTERN, RULE)
        objects.amount(each)
        objects.find(request, "recipients", objects.text(each, "recipient", required=True), "Recipient")
        row = objects.table(world, "transfers").get(reference) or send(request, each, reference, currency)
        told.append({
            "reference": reference, "recipient": each["recipient"], "amount": each["amount"],
            "transfer_code": row["transfer_code"] if row else "", "currency": currency,
            "status": row["status"] if row else "failed",
        })  # fmt: skip
    return objects.said(f"{len(told)} transfers queued.", told)


def send(request: Request, data: Row, reference: str, currency: str) -> Row | None:
    """The transfer, on its way as the outcome has it; None where the balance is too small."""
    world, asked = request.world, objects.amount(data) or 0
    fee = world.settings(NAME)["transfer_fee"]
    if world.books.balance(PLATFORM, currency) < asked + fee:
        return None
    now, code = objects.moment(world), world.fresh("TRF_", 15)
    row = {
        "id": objects.number(world), "integration": objects.INTEGRATION, "domain": objects.domain(world),
        "amount": asked, "currency": currency, "source": "balance", "reason": objects.text(data, "reason"),
        "reference": reference, "status": "pending", "transfer_code": code, "request": objects.number(world),
        "failures": None, "transferred_at": None, "createdAt": now, "gateway_response": None,
        "titan_code": None, "source_details": None, "_key": reference, "_recipient": data["recipient"], "_fee": fee,
    }  # fmt: skip
    row["_late"] = fault.days if (fault := request.fault("paid_then_failed")) else None
    _move(world, row, "hold", PLATFORM, TRANSIT, asked)
    if fee:
        _move(world, row, "fee", PLATFORM, FEES, fee)
    objects.keep(world, "transfers", row)
    partial = request.fault("bulk_partial")
    if partial and world.random.random() < partial.share_of_items:
        end(world, row, "failed")
    else:
        _travel(world, row)
    return row


def _travel(world: World, row: Row) -> None:
    """{outcome: one of the conclusive words, otp, received or pending (for ever), seconds}."""
    account = recipients.account_of(world, row["_recipient"])
    fixed = world.outcome(NAME, row["reference"], row["_recipient"], account) or {}
    asks = world.settings(NAME)["transfer_otp"]
    outcome = fixed.get("outcome", "otp" if asks else "success")
    seconds = fixed.get("seconds", world.settings(NAME)["transfer_seconds"])
    if outcome in OPEN:
        row["status"] = outcome
        objects.keep(world, "transfers", row)
        if outcome == "otp":
            world.timers.after(OTP_SECONDS, NAME, "transfer_lapses", reference=row["_key"])
    elif seconds:
        world.timers.after(seconds, NAME, "transfer_ends", reference=row["_key"], status=outcome)
    else:
        end(world, row, outcome)


@MOUNT.action("transfer_ends")
def later(world: World, members: dict[str, Any]) -> None:
    """A transfer comes to its end, if nothing else ended it; what arrived may come back."""
    row = objects.table(world, "transfers").get(members["reference"])
    if row is None:
        return
    late = row["status"] == "success" and members["status"] == "reversed"
    if late or row["status"] in OPEN:
        end(world, row, members["status"])


@MOUNT.action("transfer_lapses")
def lapses(world: World, members: dict[str, Any]) -> None:
    """Nobody gave the password."""
    row = objects.table(world, "transfers").get(members["reference"])
    if row and row["status"] == "otp":
        end(world, row, "abandoned")


@MOUNT.control("end_transfer")
def by_hand(world: World, data: dict[str, Any]) -> Row:
    """{reference, status}: the bank ends it; ``reversed`` ends one that arrived too."""
    row = objects.get(world, "transfers", data["reference"])
    if row is None or data["status"] not in ENDS:
        raise LookupError("no such transfer, or no such end")
    if row["status"] not in OPEN and not (row["status"] == "success" and data["status"] == "reversed"):
        raise ValueError(f"the transfer is {row['status']}")
    end(world, row, data["status"])
    return objects.shown(row)


def end(world: World, row: Row, status: str) -> None:
    """It arrived, or the money is back in the balance. ``reversed`` arrives first if it hadn't."""
    if row["status"] != "success" and status in ("success", "reversed"):
        _move(world, row, "payout", TRANSIT, BANKS, row["amount"])
    if status != "success":
        _move(world, row, "return", BANKS if status == "reversed" else TRANSIT, PLATFORM, row["amount"])
    row["status"] = status
    row["transferred_at"] = objects.moment(world) if status == "success" else row["transferred_at"]
    row["gateway_response"] = None if status == "success" else "Transfer was not completed"
    objects.keep(world, "transfers", row)
    kind = status if status in ("success", "reversed") else "failed"
    events.tell(world, f"transfer.{kind}", view(world, row), row["reference"])
    if status == "success" and row["_late"] is not None:
        world.timers.after(
            row["_late"] * DAY, NAME, "transfer_ends", reference=row["_key"], status="reversed"
        )


@MOUNT.route("GET", "/transfer/verify/{reference}", lookup=True)
def verify(request: Request) -> Answer:
    """By our reference."""
    row = objects.find(request, "transfers", request.args["reference"], "Transfer")
    found = view(request.world, row)
    recipient = found["recipient"]
    # As theirs does, against their own specification: what isn't known is null here, not empty.
    recipient |= {"email": None, "details": {**recipient["details"], "account_name": None}}
    return objects.said("Transfer retrieved", found)


@MOUNT.route("GET", "/transfer", lookup=True)
def listed(request: Request) -> Answer:
    """By status and recipient."""
    world, query = request.world, request.query
    rows = [row for _, row in objects.table(world, "transfers").items()]
    rows = [row for row in rows if query.get("status") in (None, row["status"])]
    views = [view(world, row) for row in rows if query.get("recipient") in (None, row["_recipient"])]
    return objects.page(request, "Transfers retrieved", views)


@MOUNT.route("GET", "/transfer/{code}", lookup=True)
def seen(request: Request) -> Answer:
    """By Paystack's code."""
    row = objects.find(request, "transfers", request.args["code"], "Transfer")
    return objects.said("Transfer retrieved", view(request.world, row))


@MOUNT.route("POST", "/transfer/finalize_transfer")
def finalize(request: Request) -> Answer:
    """The one-time password: any six digits will do."""
    world = request.world
    row = objects.find(
        request, "transfers", objects.text(request.data, "transfer_code", required=True), "Transfer"
    )
    otp = objects.text(request.data, "otp", required=True)
    if row["status"] != "otp":
        raise errors.invalid("Transfer is not currently awaiting OTP", "transfer_not_awaiting_otp")
    if len(otp) != 6 or not otp.isdigit():
        raise errors.invalid("OTP provided is invalid", "invalid_otp")
    row["status"] = "pending"
    objects.keep(world, "transfers", row)
    seconds = world.settings(NAME)["transfer_seconds"]
    world.timers.after(seconds, NAME, "transfer_ends", reference=row["_key"], status="success")
    return objects.said("Transfer has been queued", _made(world, row))


def view(world: World, row: Row) -> Row:
    """A transfer as lookups and callbacks show it: with the whole recipient."""
    recipient = objects.table(world, "recipients").get(row["_recipient"])
    more = {"session": {"provider": None, "id": None}, "fee_charged": row["_fee"], "fees_breakdown": None}
    return {**objects.shown(row), **more, "recipient": objects.shown(recipient) if recipient else {}}


def _made(world: World, row: Row) -> Row:
    """The same as the call that made it shows it: the recipient is a number."""
    recipient = objects.table(world, "recipients").get(row["_recipient"])
    found = objects.shown(row) | {"transfersessionid": [], "transfertrials": []}
    return found | {"recipient": recipient["id"] if recipient else 0}


def _source(data: Row) -> None:
    if objects.text(data, "source", required=True) != "balance":
        raise errors.invalid("source must be balance", "invalid_source")


def _move(world: World, row: Row, kind: str, source: Any, target: Any, amount: int) -> None:
    more = {"reference": row["reference"], "object_id": row["transfer_code"]}
    world.books.move(kind, source, target, amount, row["currency"], **more)
