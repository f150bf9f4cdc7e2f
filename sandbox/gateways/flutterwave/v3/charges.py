"""Charges of a payer's token, or on a page; looked up by number or by our reference."""

from typing import Any
from urllib.parse import parse_qs, urlencode

from sandbox.gateways.flutterwave import money
from sandbox.gateways.flutterwave.cards import BY_NUMBER, CARDS, Card
from sandbox.gateways.flutterwave.v3.mount import MOUNT, NAME, amount, currency, missing, refused, said, text
from sandbox.gateways.messages import Answer, Refused, Request
from sandbox.gateways.pages import choice, form, page, redirect
from sandbox.gateways.world import World

Row = dict[str, Any]
OK, FAILED, PENDING = "successful", "failed", "pending"


def table(world: World) -> Any:
    """Transactions by our reference."""
    return world.objects(f"{NAME}.transactions")


@MOUNT.control("authorize")
def authorize(world: World, data: Row) -> Row:
    """{email, card}: a payer who has paid before; the token of their card."""
    number = data.get("card", CARDS[0].number)
    token = world.fresh("flw-t1nf-", 20)
    world.objects(f"{NAME}.tokens").put(
        token, {"token": token, "email": data["email"], "card": BY_NUMBER[number].number}
    )
    return {"token": token, "email": data["email"]}


@MOUNT.route("POST", "/tokenized-charges")
def charge(request: Request) -> Answer:
    """200 whatever the bank said; 400 for a reference that was used."""
    data, world = request.data, request.world
    kept = world.objects(f"{NAME}.tokens").get(text(data, "token"))
    if kept is None or kept["email"] != text(data, "email"):
        raise refused("Wrong token or email passed")
    row = _begin(request, kept["email"])
    row["token"], card = kept["token"], BY_NUMBER[kept["card"]]
    fixed = world.outcome(NAME, row["reference"], row["token"], kept["email"], card.number) or _own(card)
    if fixed["outcome"] == PENDING:
        table(world).put(row["reference"], row)
        if "then" in fixed:
            world.timers.after(
                fixed.get("seconds", 60), NAME, "charge_ends", tx_ref=row["reference"], then=fixed["then"]
            )
    else:
        end(world, row, fixed["outcome"], fixed.get("response", ""))
    found = view(world, row)
    if row["status"] == PENDING:
        link = {"mode": "redirect", "redirect": f"{request.base}{MOUNT.path}/pay/{row['code']}"}
        return said("Charge initiated", found, meta={"authorization": link})
    return said("Charge successful" if row["status"] == OK else row["processor_response"], found)


@MOUNT.route("POST", "/payments")
def hosted(request: Request) -> Answer:
    """A page for a payer; there is no transaction until they have tried."""
    customer = request.data.get("customer")
    row = _begin(request, text(customer if isinstance(customer, dict) else {}, "email"))
    row["back"] = text(request.data, "redirect_url", "")
    row["begun"] = True
    request.world.store.table(f"{NAME}.links").put(row["code"], row)
    return said("Hosted Link", {"link": f"{request.base}{MOUNT.path}/pay/{row['code']}"})


@MOUNT.route("GET", "/transactions/verify_by_reference", lookup=True)
def by_reference(request: Request) -> Answer:
    """By our reference."""
    row = table(request.world).get(request.query.get("tx_ref", ""))
    if row is None:
        raise missing(request.world, "No transaction was found for this id")
    return said("Transaction fetched successfully", view(request.world, row))


@MOUNT.route("GET", "/transactions/{id}/verify", lookup=True)
def by_number(request: Request) -> Answer:
    """By Flutterwave's number."""
    return said("Transaction fetched successfully", view(request.world, find(request)))


@MOUNT.route("POST", "/transactions/{id}/resend-hook")
def resend(request: Request) -> Answer:
    """The callback once more."""
    tell(request.world, find(request))
    return said("hook sent", "hook sent")


def find(request: Request) -> Row:
    """The transaction of this number."""
    rows: list[Row] = table(request.world).rows(id=_number(request.args["id"]))
    if not rows:
        raise missing(request.world, "No transaction was found for this id")
    return rows[0]


def end(world: World, row: Row, status: str, response: str = "") -> None:
    """Paid or refused; told in both cases."""
    row |= {"status": status, "processor_response": "Approved" if status == OK else response or "Declined"}
    if status == OK:
        fee = row["amount"] * world.settings(NAME)["fee_basis_points"] // 10_000
        money.move(world, row, "charge", money.PAYERS, money.PLATFORM, row["amount"])
        if fee:
            money.move(world, row, "fee", money.PLATFORM, money.FEES, fee)
        row["fee"] = fee
    table(world).put(row["reference"], row)
    tell(world, row)


@MOUNT.action("charge_ends")
def ends(world: World, members: Row) -> None:
    """What was pending comes to its end."""
    row = table(world).get(members["tx_ref"])
    if row and row["status"] == PENDING:
        end(world, row, members["then"])


def tell(world: World, row: Row) -> None:
    """``charge.completed`` says nothing about how: read ``data.status``."""
    payload = {"event": "charge.completed", "event.type": "CARD_TRANSACTION", "data": view(world, row)}
    world.hooks.send(NAME, "charge.completed", payload, reference=row["reference"])


def view(world: World, row: Row) -> Row:
    """A transaction as callers see it."""
    card = (world.objects(f"{NAME}.tokens").get(row["token"]) or {}).get("card", CARDS[0].number)
    shown, coin = money.major(row["amount"], row["currency"]), row["currency"]
    return {
        "id": row["id"], "tx_ref": row["reference"], "flw_ref": f"FLW-MOCK-{row['code']}", "amount": shown,
        "charged_amount": shown, "app_fee": money.major(row["fee"], coin), "merchant_fee": 0, "currency": coin,
        "amount_settled": money.major(row["amount"] - row["fee"], coin), "narration": "", "status": row["status"],
        "processor_response": row["processor_response"], "auth_model": "noauth", "payment_type": "card",
        "created_at": row["created_at"], "account_id": 17321, "meta": row["meta"],
        "customer": {"id": 1, "email": row["email"], "name": "Anonymous", "phone_number": None},
        "card": {"first_6digits": card[:6], "last_4digits": card[-4:], "type": "MASTERCARD", "country": "NG",
                 "issuer": "TEST BANK", "expiry": "09/32", "token": row["token"]},
    }  # fmt: skip


@MOUNT.route("GET", "/pay/{code}", page=True)
def show(request: Request) -> Answer:
    """What is asked of the payer."""
    row = _of(request)
    coin = row["currency"]
    facts = {"Amount": f"{money.major(row['amount'], coin)} {coin}", "Status": row["status"]}
    action = f"{MOUNT.path}/pay/{row['code']}"
    if row["status"] == OK:
        return page("Nothing is asked of you", facts)
    if row["token"]:
        return page(
            "Your bank asks: was it you?", facts, [form(action, {"yes": "It was me", "no": "Not me"})]
        )
    cards = {card.number: f"{card.number} {card.refusal}" for card in CARDS}
    return page("Pay with Flutterwave", facts, [form(action, {"card": "Pay"}, choice("card", cards))])


@MOUNT.route("POST", "/pay/{code}", page=True)
def press(request: Request) -> Answer:
    """A button."""
    row, world = _of(request), request.world
    pressed = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    if row["status"] != OK:
        card = BY_NUMBER.get(pressed.get("card", ""), CARDS[0])
        if not row["token"] and not card.refusal:
            row["token"] = authorize(world, {"email": row["email"], "card": card.number})["token"]
        refusal = (
            "Declined by the payer" if pressed.get("do") == "no" else "" if row["token"] else card.refusal
        )
        end(world, row, FAILED if refusal else OK, refusal)
    query = urlencode({"status": row["status"], "tx_ref": row["reference"], "transaction_id": row["id"]})
    return redirect(f"{row['back']}?{query}" if row["back"] else f"{MOUNT.path}/pay/{row['code']}")


def _of(request: Request) -> Row:
    code = request.args["code"]
    rows: list[Row] = table(request.world).rows(code=code)
    row = rows[0] if rows else request.world.store.table(f"{NAME}.links").get(code)
    if row is None:
        raise Refused(404, b"no such payment")
    return row


def _begin(request: Request, email: str) -> Row:
    data, world = request.data, request.world
    reference, coin = text(data, "tx_ref"), currency(data, "NGN")
    if table(world).get(reference) is not None:
        raise refused("Duplicate transaction reference, a transaction with this tx_ref exists")
    meta = data.get("meta")
    return {
        "id": world.random.randrange(10**6, 2**31), "reference": reference, "amount": amount(data, coin),
        "currency": coin, "status": PENDING, "processor_response": "", "email": email, "fee": 0, "refunded": 0,
        "token": "", "code": world.fresh("", 20), "back": "", "meta": meta if isinstance(meta, dict) else {},
        "created_at": world.clock.moment().strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }  # fmt: skip


def _own(card: Card) -> Row:
    if card.asks:
        return {"outcome": PENDING}
    return {"outcome": FAILED if card.refusal else OK, "response": card.refusal}


def _number(word: str) -> int:
    return int(word) if word.isdigit() else -1
