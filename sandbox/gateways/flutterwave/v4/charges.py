"""Charges: by a scenario, a fixed outcome or the card; a payer who is asked answers on a page."""

from typing import Any
from urllib.parse import parse_qs

from sandbox.gateways.flutterwave import money
from sandbox.gateways.flutterwave.cards import BY_NUMBER, CARDS
from sandbox.gateways.flutterwave.v4 import customers
from sandbox.gateways.flutterwave.v4.mount import (
    MOUNT,
    NAME,
    conflict,
    invalid,
    missing,
    moment,
    part,
    priced,
    said,
    scenario,
    tell,
    text,
)
from sandbox.gateways.messages import Answer, Refused, Request
from sandbox.gateways.pages import form, page, redirect
from sandbox.gateways.world import World

Row = dict[str, Any]
OK, FAILED, PENDING = "succeeded", "failed", "pending"


@MOUNT.route("POST", "/charges")
def create(request: Request) -> Answer:
    """Of a method that is kept; 409 for a reference that was used."""
    data = request.data
    customer = customers.find(request, "customers", text(data, "customer_id"), "Customer")
    method = customers.find(request, "methods", text(data, "payment_method_id"), "Payment method")
    if method["customer_id"] not in (None, customer["id"]):
        raise invalid("payment_method_id", "is another customer's")
    return _charge(request, customer["id"], method)


@MOUNT.route("POST", "/orchestration/direct-charges")
def direct(request: Request) -> Answer:
    """Customer, method and charge in one call."""
    email = text(part(request.data, "customer"), "email")
    text(part(request.data, "payment_method"), "type")
    made = customers.authorize(request.world, {"email": email})
    method = customers.find(request, "methods", made["payment_method_id"], "Payment method")
    return _charge(request, made["customer_id"], method)


@MOUNT.route("GET", "/charges/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """By Flutterwave's id."""
    return said("Charge fetched", view(customers.find(request, "charges", request.args["id"], "Charge")))


@MOUNT.route("GET", "/charges", lookup=True)
def listed(request: Request) -> Answer:
    """By our reference and status."""
    query, rows = request.query, customers.table(request.world, "charges").rows()[::-1]
    for name in ("reference", "status", "customer_id"):
        rows = [row for row in rows if query.get(name) in (None, row[name])]
    return said("Charges fetched", [view(row) for row in rows], meta={"page_info": {"total": len(rows)}})


def _charge(request: Request, customer: str, method: Row) -> Answer:
    data, world = request.data, request.world
    reference, asked = text(data, "reference"), priced(data.get("amount"), data.get("currency"))
    if customers.table(world, "charges").rows(reference=reference):
        raise conflict("Charge already exists", "1100409", "CHARGE_ALREADY_EXISTS")
    meta = data.get("meta")
    row = {
        "id": world.fresh("chg_", 10), "amount": asked, "currency": data["currency"], "reference": reference,
        "status": PENDING, "customer_id": customer, "payment_method_id": method["id"], "next_action": None,
        "processor_response": None, "redirect_url": text(data, "redirect_url", ""), "refunded": 0, "fee": 0,
        "meta": meta if isinstance(meta, dict) else {}, "created_datetime": moment(world),
    }  # fmt: skip
    verdict = _verdict(request, row, method)
    if verdict["outcome"] == PENDING:
        url = f"{request.base}{MOUNT.path}/pay/{row['id']}"
        asks = verdict.get("asks", True)
        row["next_action"] = {"type": "redirect_url", "redirect_url": {"url": url}} if asks else None
        customers.table(world, "charges").put(row["id"], row)
        if "then" in verdict:
            seconds = verdict.get("seconds", 60)
            world.timers.after(seconds, NAME, "charge_ends", charge=row["id"], then=verdict["then"])
    else:
        end(world, row, verdict["outcome"], verdict.get("response", ""))
    return said("Charge created", view(row), 201)


def end(world: World, row: Row, status: str, response: str = "") -> None:
    """Paid or refused; told in both cases."""
    code = (
        {"type": "approved", "code": "00"}
        if status == OK
        else {"type": response or "do_not_honor", "code": "05"}
    )
    row |= {"status": status, "processor_response": code, "next_action": None}
    if status == OK:
        row["fee"] = row["amount"] * world.settings(NAME)["fee_basis_points"] // 10_000
        money.move(world, row, "charge", money.PAYERS, money.PLATFORM, row["amount"])
        if row["fee"]:
            money.move(world, row, "fee", money.PLATFORM, money.FEES, row["fee"])
    customers.table(world, "charges").put(row["id"], row)
    tell(world, "charge.completed" if status == OK else "charge.failed", view(row), row["reference"])


@MOUNT.action("charge_ends")
def ends(world: World, members: Row) -> None:
    """What was pending comes to its end."""
    row = customers.table(world, "charges").get(members["charge"])
    if row and row["status"] == PENDING:
        end(world, row, members["then"])


def view(row: Row) -> Row:
    """As callers see it."""
    coin = row["currency"]
    found = {name: value for name, value in row.items() if name not in ("refunded", "fee")}
    fees = [{"type": "app", "amount": money.major(row["fee"], coin)}] if row["fee"] else []
    return {
        **found,
        "amount": money.major(row["amount"], coin),
        "fees": fees,
        "settled": False,
        "disputed": False,
    }


@MOUNT.route("GET", "/pay/{id}", page=True)
def show(request: Request) -> Answer:
    """What is asked of the payer."""
    row = _of(request)
    facts = {
        "Amount": f"{money.major(row['amount'], row['currency'])} {row['currency']}",
        "Status": row["status"],
    }
    if row["status"] != PENDING:
        return page("Nothing is asked of you", facts)
    pressed = form(f"{MOUNT.path}/pay/{row['id']}", {"yes": "It was me", "no": "Not me"})
    return page("Your bank asks: was it you?", facts, [pressed])


@MOUNT.route("POST", "/pay/{id}", page=True)
def press(request: Request) -> Answer:
    """A button."""
    row = _of(request)
    if row["status"] == PENDING:
        agrees = parse_qs(request.body.decode()).get("do") == ["yes"]
        end(request.world, row, OK if agrees else FAILED, "" if agrees else "authentication_failed")
    return redirect(row["redirect_url"] or f"{MOUNT.path}/pay/{row['id']}")


def _of(request: Request) -> Row:
    try:
        return customers.find(request, "charges", request.args["id"], "Charge")
    except Refused:
        raise Refused(404, b"no such payment") from None


def _verdict(request: Request, row: Row, method: Row) -> Row:
    """By the scenario, else as it was fixed, else by the card."""
    named, card = scenario(request), BY_NUMBER.get(method["number"], CARDS[0])
    if named:
        if named.get("scenario", "").startswith("auth_"):
            return {"outcome": PENDING}
        issuer = named.get("issuer", "approved")
        return {"outcome": OK if issuer == "approved" else FAILED, "response": issuer}
    words = (row["reference"], row["payment_method_id"], row["customer_id"], card.number)
    if fixed := request.world.outcome(NAME, *words):
        return fixed
    if card.asks:
        return {"outcome": PENDING}
    response = card.refusal.lower().replace(" ", "_").replace("honour", "honor")
    return {"outcome": FAILED if card.refusal else OK, "response": response}


def find(request: Request, number: str) -> Row:
    """The charge of this id."""
    row: Row | None = customers.table(request.world, "charges").get(number)
    if row is None:
        raise missing("Charge")
    return row
