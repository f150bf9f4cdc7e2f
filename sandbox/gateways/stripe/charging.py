"""A payment intent is confirmed: the card is charged, refused, or its holder is asked."""

from typing import Any

from sandbox.gateways.messages import Request
from sandbox.gateways.stripe import cards, disputes, errors, events, judging, methods, money, objects
from sandbox.gateways.stripe.mount import MOUNT, NAME
from sandbox.gateways.world import World

Row = dict[str, Any]
DAY = 86_400


def confirm(request: Request, row: Row, *, off_session: bool) -> None:
    """Charge an intent that has a method. 402 where the card is refused, with the intent in the error."""
    world = request.world
    method = methods.named(request, row["payment_method"])
    if method.get("_detached") or (method["customer"] and method["customer"] != row["customer"]):
        message = "The PaymentMethod does not belong to this Customer or was detached."
        raise errors.conflict(message, "payment_method_unexpected_state")
    row |= {"payment_method": method["id"], "last_payment_error": None, "next_action": None}
    row["_late"] = fault.days if (fault := request.fault("late_reversal")) else None
    verdict = judging.judge(world, row, method, off_session=off_session)
    if verdict.outcome == judging.ASKS and request.data.get("error_on_requires_action") == "true":
        verdict = judging.Verdict(judging.DECLINES, "authentication_required", "authentication_required")
    if verdict.outcome == judging.ASKS:
        ask(world, row, request.base)
    elif verdict.outcome == judging.PROCESSES:
        row["status"], row["processing"] = "processing", {"type": "card"}
        events.tell(world, "payment_intent.processing", objects.keep(world, row))
        seconds = world.settings(NAME)["processing_seconds"]
        world.timers.after(seconds, NAME, "processed", intent=row["id"], then=verdict.then)
    elif verdict.outcome == judging.DECLINES:
        decline(world, row, verdict)
        body = row["last_payment_error"]
        more = {name: value for name, value in body.items() if name not in ("message", "type")}
        raise errors.declined(body["message"], **more, payment_intent=objects.shown(row))
    else:
        pay(world, row)


def ask(world: World, row: Row, base: str) -> None:
    """Send the payer to a page of their bank."""
    url = f"{base}/stripe/pay/{row['client_secret']}"
    back = {"redirect_to_url": {"return_url": row.get("_return_url"), "url": url}, "type": "redirect_to_url"}
    row["status"], row["next_action"] = "requires_action", back
    events.tell(world, f"{row['object']}.requires_action", objects.keep(world, row))


def pay(world: World, row: Row) -> Row:
    """The money moves; the charge."""
    charge = _charge(world, row, paid=True)
    owner, settings = row["_account"], world.settings(NAME)
    card = cards.BY_TOKEN[charge["_token"]]
    fee = min(row["amount"], row["amount"] * settings["fee_basis_points"] // 10_000 + settings["fee_fixed"])
    later = 0 if card.straight else settings["available_after"]
    target = money.pending(owner) if later else money.available(owner)
    money.move(world, "charge", money.PAYERS, target, row["amount"], charge)
    if fee:
        money.move(world, "fee", target, money.FEES, fee, charge)
    charge["_unsettled"] = row["amount"] - fee if later else 0
    charge["balance_transaction"] = money.note(
        world, owner, "charge", row["amount"], charge, fee=fee, later=later
    )
    objects.keep(world, charge)
    row |= {"status": "succeeded", "amount_received": row["amount"], "latest_charge": charge["id"]}
    row |= {"next_action": None, "processing": None}
    objects.keep(world, row)
    events.tell(world, "charge.succeeded", charge)
    events.tell(world, "payment_intent.succeeded", row)
    if card.disputed:
        world.timers.after(1, NAME, "dispute", charge=charge["id"], reason=card.disputed)
    if row.get("_late") is not None:
        world.timers.after(row["_late"] * DAY, NAME, "dispute", charge=charge["id"], reason="fraudulent")
    return charge


def decline(world: World, row: Row, verdict: judging.Verdict) -> None:
    """Nothing moves; the intent waits for another method."""
    charge = _charge(world, row, paid=False, verdict=verdict)
    method = objects.table(world, "payment_methods").get(row["payment_method"])
    shown = objects.shown(method) if method else None
    row |= {"status": "requires_payment_method", "payment_method": None, "latest_charge": charge["id"]}
    row |= {"last_payment_error": judging.refusal(verdict, shown, charge["id"]), "next_action": None}
    row["processing"] = None
    objects.keep(world, row)
    events.tell(world, "charge.failed", charge)
    events.tell(world, "payment_intent.payment_failed", row)


@MOUNT.action("processed")
def processed(world: World, members: dict[str, Any]) -> None:
    """What was processing comes to its end."""
    row = objects.table(world, "payment_intents").get(members["intent"])
    if row is None or row["status"] != "processing":
        return
    if members["then"] == judging.PAYS:
        pay(world, row)
    else:
        decline(world, row, judging.Verdict(judging.DECLINES, "card_declined", "generic_decline"))


@MOUNT.action("dispute")
def dispute(world: World, members: dict[str, Any]) -> None:
    """A payer goes to their bank."""
    charge = objects.table(world, "charges").get(members["charge"])
    if charge and not charge["disputed"] and charge["amount"] > charge["amount_refunded"]:
        disputes.open_dispute(world, charge, members["reason"], None)


def _charge(world: World, row: Row, *, paid: bool, verdict: judging.Verdict | None = None) -> Row:
    method = objects.table(world, "payment_methods").get(row["payment_method"])
    assert method is not None
    network = {"network_status": "approved_by_network" if paid else "declined_by_network"}
    outcome = {"advice_code": None, "network_advice_code": None, "network_decline_code": None, "reason": None,
               "risk_level": "normal", "seller_message": None, "type": "authorized" if paid else "issuer_declined",
               **network}  # fmt: skip
    card = {
        name: method["card"][name]
        for name in ("brand", "country", "exp_month", "exp_year", "last4", "funding")
    }
    members = {
        name: row[name] for name in ("amount", "currency", "customer", "description", "transfer_group")
    }
    refusal = {"failure_code": verdict.code, "failure_message": cards.message(verdict.decline_code)} if verdict else {
        "failure_code": None, "failure_message": None}  # fmt: skip
    return objects.make(
        world, "ch_", "charge", row["_account"], **members, **refusal,
        amount_captured=row["amount"] if paid else 0, amount_refunded=0, application=None, application_fee=None,
        application_fee_amount=None, balance_transaction=None, billing_details=method["billing_details"],
        captured=paid, disputed=False, fraud_details={}, metadata=dict(row["metadata"]), on_behalf_of=None,
        outcome=outcome, paid=paid, payment_intent=row["id"], payment_method=method["id"],
        payment_method_details={"card": card, "type": "card"}, receipt_email=None, receipt_number=None,
        receipt_url=None, refunded=False, review=None, shipping=None, source_transfer=None,
        statement_descriptor=None, statement_descriptor_suffix=None,
        status="succeeded" if paid else "failed", transfer_data=None, failure_balance_transaction=None,
        _token=method["_token"], _unsettled=0, _key=row.get("_key", ""),
    )  # fmt: skip
