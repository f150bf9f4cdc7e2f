"""Refunds: given at once, later, or taken back after they were said to have succeeded."""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.stripe import cards, errors, events, forms, money, objects
from sandbox.gateways.stripe.mount import MOUNT, NAME
from sandbox.gateways.world import World

Row = dict[str, Any]
DAY = 86_400
KNOWN = ("payment_intent", "charge", "amount", "reason", "metadata", "currency", "reverse_transfer",
         "refund_application_fee")  # fmt: skip
REASONS = ("duplicate", "fraudulent", "requested_by_customer")


@MOUNT.call("POST", "/refunds")
def create(request: Request) -> Answer:
    """Of a paid charge, whole or in part; 400 where it is refunded, disputed or smaller."""
    data, world = request.data, request.world
    forms.refuse_unknown(data, KNOWN)
    reason = forms.text(data, "reason")
    if reason and reason not in REASONS:
        raise errors.invalid("Invalid reason", param="reason")
    charge = _charge(request)
    amount = _amount(charge, forms.amount(data, required=False))
    row = objects.make(
        world, "re_", "refund", charge["_account"],
        amount=amount, balance_transaction=None, charge=charge["id"], currency=charge["currency"],
        customer=charge["customer"], destination_details={"card": {"type": "refund"}, "type": "card"},
        metadata=forms.metadata(data), payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"], reason=reason, receipt_number=None,
        source_transfer_reversal=None, status="succeeded", transfer_reversal=None, _key=request.key,
    )  # fmt: skip
    _give(world, row, charge)
    _later(request, row, charge)
    events.tell(world, "refund.created", objects.keep(world, row))
    events.tell(world, "charge.refunded", charge)
    return objects.answer(request, row)


@MOUNT.call("GET", "/refunds", lookup=True)
def listed(request: Request) -> Answer:
    """By charge or intent."""
    return objects.page(request, "refunds", ("charge", "payment_intent"))


@MOUNT.call("GET", "/refunds/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """One refund."""
    return objects.answer(request, objects.find(request, "refunds", request.args["id"], "refund"))


@MOUNT.call("POST", "/refunds/{id}")
def update(request: Request) -> Answer:
    """Metadata."""
    row = objects.find(request, "refunds", request.args["id"], "refund")
    forms.refuse_unknown(request.data, ("metadata",))
    row["metadata"] = forms.metadata(request.data, row["metadata"])
    events.tell(request.world, "refund.updated", objects.keep(request.world, row))
    return objects.answer(request, row)


@MOUNT.action("refund_ends")
def ends(world: World, members: dict[str, Any]) -> None:
    """What was pending is given, or what was given comes back."""
    row = objects.table(world, "refunds").get(members["refund"])
    if row is None or row["status"] not in ("pending", "succeeded"):
        return
    if members["fails"]:
        fail(world, row, members.get("reason", "expired_or_canceled_card"))
    else:
        row["status"] = "succeeded"
        events.tell(world, "refund.updated", objects.keep(world, row), status="pending")


@MOUNT.control("fail_refund")
def by_hand(world: World, data: dict[str, Any]) -> Row:
    """{refund, reason}: the payer's bank sends it back."""
    row = objects.table(world, "refunds").get(data["refund"])
    if row is None or row["status"] not in ("pending", "succeeded"):
        raise LookupError("no such refund can fail")
    return objects.shown(fail(world, row, data.get("reason", "lost_or_stolen_card")))


def fail(world: World, row: Row, reason: str) -> Row:
    """The money comes back to the balance it was taken from."""
    charge = objects.table(world, "charges").get(row["charge"])
    assert charge is not None
    charge["amount_refunded"] -= row["amount"]
    charge["refunded"] = False
    objects.keep(world, charge)
    money.move(world, "return", money.PAYERS, money.available(row["_account"]), row["amount"], row)
    back = money.note(world, row["_account"], "refund_failure", row["amount"], row)
    was = row["status"]
    row |= {"status": "failed", "failure_reason": reason, "failure_balance_transaction": back}
    objects.keep(world, row)
    events.tell(world, "refund.failed", row)
    events.tell(world, "refund.updated", row, status=was)
    return row


def _charge(request: Request) -> Row:
    data = request.data
    number, intent = forms.text(data, "charge"), forms.text(data, "payment_intent")
    if not number and not intent:
        message = "One of the following params should be provided for this request: payment_intent or charge."
        raise errors.invalid(message, code="parameter_missing", param="payment_intent")
    if intent:
        number = objects.find(request, "payment_intents", intent, "payment_intent")["latest_charge"]
    charge = objects.find(request, "charges", number, "charge")
    if not charge["paid"]:
        raise errors.conflict("This charge has not been paid.", "charge_not_refundable")
    if charge["disputed"]:
        raise errors.conflict(f"Charge {charge['id']} has been charged back.", "charge_disputed")
    return charge


def _amount(charge: Row, wanted: int | None) -> int:
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise errors.conflict(message, "charge_already_refunded")
    if wanted and wanted > left:
        message = f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({left})"
        raise errors.conflict(message, "amount_too_large", param="amount")
    return wanted or left


def _give(world: World, row: Row, charge: Row) -> None:
    """Out of what is still on its way to us first, then of what is available, which may fall below zero."""
    early = min(row["amount"], charge["_unsettled"])
    owner = row["_account"]
    for account, amount in ((money.pending(owner), early), (money.available(owner), row["amount"] - early)):
        if amount:
            kind = "refund" if account == money.pending(owner) or not early else "refund_rest"
            money.move(world, kind, account, money.PAYERS, amount, row)
    charge["_unsettled"] -= early
    charge["amount_refunded"] += row["amount"]
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    objects.keep(world, charge)
    row["balance_transaction"] = money.note(world, owner, "refund", -row["amount"], row)


def _later(request: Request, row: Row, charge: Row) -> None:
    """By a fixed outcome ({outcome: pending or failed, seconds}), by the card, or by the fault."""
    world = request.world
    fixed = world.outcome(NAME, money.reference(world, row)) or {}
    card, fault = cards.BY_TOKEN[charge["_token"]], request.fault("late_reversal")
    if fixed.get("outcome") == "failed" or card.refund == "fails":
        world.timers.after(fixed.get("seconds", 5), NAME, "refund_ends", refund=row["id"], fails=True)
    elif fixed.get("outcome") == "pending" or card.refund == "pending":
        row["status"] = "pending"
        fails = fixed.get("then") == "failed"
        world.timers.after(fixed.get("seconds", 3600), NAME, "refund_ends", refund=row["id"], fails=fails)
    elif fault:
        world.timers.after(fault.days * DAY, NAME, "refund_ends", refund=row["id"], fails=True)
