"""Transfers to banks. Without a suffix in its reference one stays pending for ever, as in their test mode."""

import re
from typing import Any

from sandbox.gateways.flutterwave import money
from sandbox.gateways.flutterwave.cards import BANKS, BLACKLISTED
from sandbox.gateways.flutterwave.v3.mount import MOUNT, NAME, amount, currency, missing, refused, said, text
from sandbox.gateways.messages import Answer, Refused, Request
from sandbox.gateways.world import World

Row = dict[str, Any]
SUFFIX = re.compile(r"_PMCK(?P<fails>_ST_F)?(DU_(?P<minutes>\d+))?$")
MINUTES, DAY, PER_PAGE = 10, 86_400, 20
OPEN = ("NEW", "PENDING")


@MOUNT.route("POST", "/transfers")
def create(request: Request) -> Answer:
    """``NEW``; 400 for a reference that was used, an account that is refused, or too small a balance."""
    row = send(request, request.data, currency(request.data))
    return said("Transfer Queued Successfully", view(row))


@MOUNT.route("POST", "/bulk-transfers")
def bulk(request: Request) -> Answer:
    """A batch: what became of its items is told by ``GET /transfers?batch_id=`` alone."""
    data, world = request.data, request.world
    items = data.get("bulk_data")
    if not isinstance(items, list) or not items or not all(isinstance(each, dict) for each in items):
        raise refused("bulk_data is required")
    batch = world.random.randrange(10**4, 10**8)
    for each in items:
        named = {name.lower().replace(" ", "_"): value for name, value in each.items()}
        named |= {"account_bank": named.get("bank_code") or named.get("account_bank"), "batch": batch}
        try:
            send(request, named, currency(named, "NGN"))
        except Refused as told:
            _refuse(world, named, str(told.answer.payload["message"]))
    found = {"id": batch, "created_at": _now(world), "approver": "N/A"}
    return said("Bulk transfer queued", found)


def send(request: Request, data: Row, coin: str) -> Row:
    """The transfer; the money leaves the balance now."""
    world, reference = request.world, text(data, "reference")
    bank, account, asked = text(data, "account_bank"), text(data, "account_number"), amount(data, coin)
    if bank not in BANKS:
        raise refused("account_bank is invalid")
    if account == BLACKLISTED:
        raise refused("Payout was made to a blacklisted account number")
    if _table(world).get(reference) is not None:
        raise refused("Transfer with that reference already exists")
    fee = world.settings(NAME)["transfer_fee"]
    if world.books.balance(money.PLATFORM, coin) < asked + fee:
        raise refused("DISBURSE FAILED: Insufficient funds in customer wallet")
    row = _row(world, data, coin, asked, fee)
    row["late"] = fault.days if (fault := request.fault("paid_then_failed")) else None
    money.move(world, row, "hold", money.PLATFORM, money.TRANSIT, asked)
    if fee:
        money.move(world, row, "fee", money.PLATFORM, money.FEES, fee)
    _table(world).put(reference, row)
    partial = request.fault("bulk_partial")
    fails = partial is not None and world.random.random() < partial.share_of_items
    _travel(world, row, fails=fails)
    return row


def _travel(world: World, row: Row, *, fails: bool) -> None:
    """{outcome: SUCCESSFUL, FAILED or PENDING, seconds}; else by the suffix; else by the setting, or never."""
    fixed = world.outcome(NAME, row["reference"], row["account_number"]) or {}
    suffix, waits = SUFFIX.search(row["reference"]), world.settings(NAME)["transfer_seconds"]
    status, seconds = "SUCCESSFUL", waits
    if suffix:
        status = "FAILED" if suffix["fails"] else status
        seconds = 60 * int(suffix["minutes"] or MINUTES)
    if fails or fixed:
        status = "FAILED" if fails else fixed["outcome"]
        seconds = fixed.get("seconds", 5)
    if seconds is not None and status not in OPEN:
        world.timers.after(seconds, NAME, "transfer_ends", reference=row["reference"], status=status)


@MOUNT.action("transfer_ends")
def ends(world: World, members: Row) -> None:
    """It arrived, or it is back; what arrived may come back, of which nobody is told."""
    row = _table(world).get(members["reference"])
    if row is None:
        return
    if members["status"] == "back" and row["status"] == "SUCCESSFUL":
        money.move(world, row, "return", money.BANKS, money.PLATFORM, row["amount"])
    elif row["status"] in OPEN:
        end(world, row, members["status"])


@MOUNT.control("end_transfer")
def by_hand(world: World, data: Row) -> Row:
    """{reference, status}: the bank ends it."""
    row = _table(world).get(data["reference"])
    if row is None or row["status"] not in OPEN or data["status"] not in ("SUCCESSFUL", "FAILED"):
        raise LookupError("no such transfer is open, or no such end")
    end(world, row, data["status"])
    return view(row)


def end(world: World, row: Row, status: str) -> None:
    """Move the money and tell of it."""
    row["status"] = status
    if status == "SUCCESSFUL":
        row["complete_message"] = "Transaction was successful"
        money.move(world, row, "payout", money.TRANSIT, money.BANKS, row["amount"])
    else:
        row["complete_message"] = "DISBURSE FAILED: the account can't be paid"
        money.move(world, row, "return", money.TRANSIT, money.PLATFORM, row["amount"])
    _table(world).put(row["reference"], row)
    # Numbers of callbacks are text at times.
    payload = {
        "event": "transfer.completed",
        "event.type": "Transfer",
        "data": {**view(row), "amount": _words(row)},
    }
    world.hooks.send(NAME, "transfer.completed", payload, reference=row["reference"])
    if status == "SUCCESSFUL" and row["late"] is not None:
        world.timers.after(
            row["late"] * DAY, NAME, "transfer_ends", reference=row["reference"], status="back"
        )


@MOUNT.route("GET", "/transfers/fee", lookup=True)
def fees(request: Request) -> Answer:
    """What a transfer costs."""
    coin = request.query.get("currency", "NGN")
    fee = money.major(request.world.settings(NAME)["transfer_fee"], coin if coin in money.DIGITS else "NGN")
    return said("Transfer fee fetched", [{"fee_type": "value", "currency": coin, "fee": fee}])


@MOUNT.route("GET", "/transfers/{id}", lookup=True)
def seen(request: Request) -> Answer:
    """By Flutterwave's number."""
    number = request.args["id"]
    rows = _table(request.world).rows(id=int(number)) if number.isdigit() else []
    if not rows:
        raise missing(request.world, "Transfer not found")
    return said("Transfer fetched", _looked_up(rows[0]))


@MOUNT.route("GET", "/transfers", lookup=True)
def listed(request: Request) -> Answer:
    """By our reference, status and batch."""
    query, rows = request.query, [row for _, row in _table(request.world).items()][::-1]
    if "reference" in query:
        rows = [row for row in rows if row["reference"] == query["reference"]]
    if "batch_id" in query:
        rows = [row for row in rows if str(row["batch"]) == query["batch_id"]]
    if "status" in query:
        rows = [row for row in rows if row["status"].lower() == query["status"].lower()]
    at = int(query["page"]) if query.get("page", "").isdigit() else 1
    pages = {"total": len(rows), "current_page": at, "total_pages": -(-len(rows) // PER_PAGE)}
    shown = [_looked_up(row) for row in rows[(at - 1) * PER_PAGE : at * PER_PAGE]]
    return said("Transfers fetched", shown, meta={"page_info": pages})


@MOUNT.route("GET", "/banks/{country}", lookup=True)
def banks(request: Request) -> Answer:
    """The banks that can be paid."""
    rows = [
        {"id": number, "code": code, "name": name} for number, (code, name) in enumerate(BANKS.items(), 1)
    ]
    return said("Banks fetched successfully", rows)


@MOUNT.route("POST", "/accounts/resolve", lookup=True)
def resolve(request: Request) -> Answer:
    """Whose account it is."""
    account, bank = text(request.data, "account_number"), text(request.data, "account_bank")
    if bank not in BANKS or len(account) != 10:
        raise refused("Sorry, that account number is invalid, please check and try again")
    return said(
        "Account details fetched", {"account_number": account, "account_name": f"Holder of {account[-4:]}"}
    )


@MOUNT.route("GET", "/balances", lookup=True)
def balances(request: Request) -> Answer:
    """Of all wallets."""
    books = request.world.books
    held = {coin: books.balance(money.PLATFORM, coin) for coin in books.currencies(money.PLATFORM) or ["NGN"]}
    rows = [
        {"currency": coin, "available_balance": money.major(available, coin), "ledger_balance": 0}
        for coin, available in held.items()
    ]
    return said("Wallet balances fetched", rows)


def view(row: Row) -> Row:
    """As the call that made it shows it."""
    hidden = {"amount", "fee", "late", "batch"}
    shown = {name: value for name, value in row.items() if name not in hidden}
    return {
        **shown,
        "amount": money.major(row["amount"], row["currency"]),
        "fee": money.major(row["fee"], row["currency"]),
    }


def _looked_up(row: Row) -> Row:
    """``NEW`` is said once; afterwards it is ``PENDING``."""
    return view(row) | {"status": "PENDING" if row["status"] == "NEW" else row["status"]}


def _row(world: World, data: Row, coin: str, asked: int, fee: int) -> Row:
    return {
        "id": world.random.randrange(10**5, 2**31), "account_number": data["account_number"],
        "bank_code": data["account_bank"], "full_name": text(data, "beneficiary_name", "Holder"),
        "created_at": _now(world), "currency": coin, "debit_currency": text(data, "debit_currency", coin),
        "amount": asked, "fee": fee, "status": "NEW", "reference": data["reference"], "meta": None,
        "narration": text(data, "narration", ""), "complete_message": "", "requires_approval": 0, "is_approved": 1,
        "bank_name": BANKS.get(data["account_bank"], ""), "batch": data.get("batch", 0), "late": None,
    }  # fmt: skip


def _refuse(world: World, data: Row, message: str) -> None:
    """An item of a batch that could not be sent is in the batch all the same."""
    reference, coin = str(data.get("reference", "")), "NGN"
    if not reference or _table(world).get(reference) is not None:
        return
    named = {name: str(data.get(name, "")) for name in ("account_number", "account_bank")}
    blank = {**named, "reference": reference, "batch": data["batch"]}
    row = _row(world, blank, coin, money.minor(data.get("amount"), coin) or 0, 0)
    _table(world).put(reference, row | {"status": "FAILED", "complete_message": message})


def _words(row: Row) -> str:
    return f"{money.major(row['amount'], row['currency']):.2f}"


def _now(world: World) -> str:
    return world.clock.moment().strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _table(world: World) -> Any:
    return world.objects(f"{NAME}.transfers")
