"""Transfers. Without a scenario one stays pending for ever and nobody is told, as in their sandbox."""

from typing import Any

from sandbox.gateways.flutterwave import money
from sandbox.gateways.flutterwave.cards import BANKS, BLACKLISTED
from sandbox.gateways.flutterwave.v4 import customers
from sandbox.gateways.flutterwave.v4.mount import (
    MOUNT,
    NAME,
    conflict,
    invalid,
    moment,
    part,
    priced,
    refused,
    said,
    scenario,
    tell,
    text,
)
from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.world import World

Row = dict[str, Any]
DAY = 86_400
ACTIONS = ("instant", "deferred", "scheduled")
OPEN = ("NEW", "PENDING")
LATER = ("insufficient_balance", "day_limit_error", "day_transfer_limit_exceeded", "month_limit_error",
         "payout_creation_error", "blocked_bank", "account_resolved_failed", "no_account_found")  # fmt: skip
"""Scenarios in which a transfer is made and fails; all others but ``successful`` are refused at once."""


@MOUNT.route("POST", "/transfers/recipients")
def recipient(request: Request) -> Answer:
    """An account to be paid."""
    data, world = request.data, request.world
    kind, bank = text(data, "type"), part(data, "bank")
    row = {
        "id": world.fresh("rcb_", 10),
        "type": kind,
        "bank": _bank(bank),
        "created_datetime": moment(world),
    }
    customers.table(world, "recipients").put(row["id"], row)
    return said("Recipient created", row, 201)


@MOUNT.route("GET", "/transfers/recipients/{id}", lookup=True)
def kept(request: Request) -> Answer:
    """One recipient."""
    return said("Recipient fetched", customers.find(request, "recipients", request.args["id"], "Recipient"))


@MOUNT.route("POST", "/transfers/senders")
def sender(request: Request) -> Answer:
    """Who pays."""
    row = {"id": request.world.fresh("snd_", 10), "name": request.data.get("name"), "type": "generic_sender"}
    customers.table(request.world, "senders").put(row["id"], row)
    return said("Sender created", row, 201)


@MOUNT.route("POST", "/transfers")
def create(request: Request) -> Answer:
    """To a recipient that is kept."""
    told = part(request.data, "payment_instruction")
    to = customers.find(request, "recipients", text(told, "recipient_id"), "Recipient")
    coin = text(told, "destination_currency", text(told, "source_currency"))
    return _send(request, told, to, coin)


@MOUNT.route("POST", "/direct-transfers")
def direct(request: Request) -> Answer:
    """To an account that is named."""
    told = part(request.data, "payment_instruction")
    if text(request.data, "type") != "bank":
        raise invalid("type", "only banks are paid here")
    to = {
        "id": request.world.fresh("rcb_", 10),
        "type": "bank",
        "bank": _bank(part(part(told, "recipient"), "bank")),
    }
    return _send(request, told, to, text(told, "destination_currency"))


@MOUNT.route("GET", "/transfers/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """By Flutterwave's id."""
    return said(
        "Transfer fetched", _looked_up(customers.find(request, "transfers", request.args["id"], "Transfer"))
    )


@MOUNT.route("GET", "/transfers", lookup=True)
def listed(request: Request) -> Answer:
    """By status and recipient; not by our reference."""
    query, rows = request.query, customers.table(request.world, "transfers").rows()[::-1]
    rows = [row for row in rows if query.get("recipient_id") in (None, row["recipient"]["id"])]
    shown = [_looked_up(row) for row in rows]
    shown = [row for row in shown if query.get("status", row["status"]) == row["status"]]
    return said("Transfers fetched", shown, meta={"page_info": {"total": len(shown)}})


@MOUNT.route("GET", "/banks", lookup=True)
def banks(request: Request) -> Answer:
    """The banks that can be paid."""
    return said(
        "Banks fetched", [{"id": f"bnk_{code}", "code": code, "name": name} for code, name in BANKS.items()]
    )


@MOUNT.route("GET", "/wallets/balances", lookup=True)
def balances(request: Request) -> Answer:
    """Of all wallets."""
    books = request.world.books
    held = {coin: books.balance(money.PLATFORM, coin) for coin in books.currencies(money.PLATFORM) or ["NGN"]}
    rows = [
        {"currency": coin, "available_balance": money.major(available, coin)}
        for coin, available in held.items()
    ]
    return said("Wallet balances fetched", rows)


def _send(request: Request, told: Row, to: Row, coin: str) -> Answer:
    data, world, named = request.data, request.world, scenario(request).get("scenario", "")
    reference, amount = text(data, "reference"), part(told, "amount")
    asked = priced(amount.get("value"), coin, "payment_instruction.amount.value")
    if text(data, "action") not in ACTIONS:
        raise invalid("action", f"is one of {', '.join(ACTIONS)}")
    if amount.get("applies_to") not in ("destination_currency", "source_currency"):
        raise invalid("payment_instruction.amount.applies_to", "is required")
    if named == "duplicate_reference" or customers.table(world, "transfers").rows(reference=reference):
        raise conflict("Transfer with that reference already exists")
    if named not in ("", "successful", *LATER):
        raise refused("REQUEST_NOT_VALID", "10400", named.replace("_", " "))
    fee = world.settings(NAME)["transfer_fee"]
    if world.books.balance(money.PLATFORM, coin) < asked + fee:
        raise refused("INSUFFICIENT_BALANCE", "10422", "Insufficient balance", 422)
    row = {
        "id": world.fresh("trf_", 10), "type": "bank", "action": data["action"], "reference": reference,
        "status": "NEW", "narration": text(data, "narration", ""), "amount": asked, "currency": coin, "fee": fee,
        "source_currency": text(told, "source_currency", coin), "recipient": to, "meta": data.get("meta") or {},
        "provider_response": None, "reversal": None, "created_datetime": moment(world),
    }  # fmt: skip
    row["late"] = fault.days if (fault := request.fault("paid_then_failed")) else None
    money.move(world, row, "hold", money.PLATFORM, money.TRANSIT, asked)
    if fee:
        money.move(world, row, "fee", money.PLATFORM, money.FEES, fee)
    customers.table(world, "transfers").put(row["id"], row)
    _travel(world, row, named)
    return said("Transfer created", view(row), 201)


def _travel(world: World, row: Row, named: str) -> None:
    """By the scenario, else {outcome, code, seconds} as it was fixed, else by the setting, or never."""
    settings, account = world.settings(NAME), row["recipient"]["bank"]["account_number"]
    status, code, seconds = "SUCCESSFUL", named, settings["transfer_seconds"]
    if named:
        status, seconds = "SUCCESSFUL" if named == "successful" else "FAILED", settings["scenario_seconds"]
    elif account == BLACKLISTED:
        status, code, seconds = "FAILED", "blocked_bank", settings["scenario_seconds"]
    elif fixed := world.outcome(NAME, row["reference"], account):
        status, code = fixed["outcome"], fixed.get("code", "transfer_failed")
        seconds = fixed.get("seconds", settings["scenario_seconds"])
    if seconds is not None and status not in OPEN:
        world.timers.after(seconds, NAME, "transfer_ends", transfer=row["id"], status=status, code=code)


@MOUNT.action("transfer_ends")
def ends(world: World, members: Row) -> None:
    """It arrived, or it is back; what arrived may be reversed."""
    row = customers.table(world, "transfers").get(members["transfer"])
    if row and (row["status"] in OPEN or (members["status"] == "REVERSED" and row["status"] == "SUCCESSFUL")):
        end(world, row, members["status"], members["code"])


@MOUNT.control("end_transfer")
def by_hand(world: World, data: Row) -> Row:
    """{reference, status}: the bank ends it, or sends back what arrived (REVERSED)."""
    rows = customers.table(world, "transfers").rows(reference=data["reference"])
    allowed = ("REVERSED",) if rows and rows[0]["status"] == "SUCCESSFUL" else ("SUCCESSFUL", "FAILED")
    if not rows or data["status"] not in allowed or rows[0]["status"] not in (*OPEN, "SUCCESSFUL"):
        raise LookupError("no such transfer, or no such end of it")
    end(world, rows[0], data["status"], data.get("code", "transfer_failed"))
    return view(rows[0])


def end(world: World, row: Row, status: str, code: str) -> None:
    """Move the money and tell of it."""
    if status == "SUCCESSFUL":
        money.move(world, row, "payout", money.TRANSIT, money.BANKS, row["amount"])
    else:
        source = money.BANKS if row["status"] == "SUCCESSFUL" else money.TRANSIT
        money.move(world, row, "return", source, money.PLATFORM, row["amount"])
    kind = "transfer.reversal" if status == "REVERSED" else "transfer.disburse"
    if status == "REVERSED":
        row["reversal"] = {"reason": code, "reversal_datetime": moment(world)}
    row |= {"status": status, "provider_response": {"type": "successful" if status == "SUCCESSFUL" else code}}
    customers.table(world, "transfers").put(row["id"], row)
    tell(world, kind, view(row), row["reference"])
    if status == "SUCCESSFUL" and row["late"] is not None:
        more = {"transfer": row["id"], "status": "REVERSED", "code": "transfer_failed"}
        world.timers.after(row["late"] * DAY, NAME, "transfer_ends", **more)


def view(row: Row) -> Row:
    """As the call that made it shows it."""
    coin, hidden = row["currency"], ("late", "currency", "fee", "amount")
    found = {name: value for name, value in row.items() if name not in hidden}
    more = {"amount": {"value": money.major(row["amount"], coin), "applies_to": "destination_currency"}}
    return {**found, **more, "destination_currency": coin, "fee": money.major(row["fee"], coin)}


def _looked_up(row: Row) -> Row:
    return view(row) | {"status": "PENDING" if row["status"] == "NEW" else row["status"]}


def _bank(bank: Row) -> Row:
    account, code = text(bank, "account_number"), text(bank, "code")
    if code not in BANKS:
        raise invalid("bank.code", "is unknown")
    return {"account_number": account, "code": code, "name": BANKS[code]}
