"""Transactions: made with a link or a code, ended by a payer or by time, looked up by iPaymu's number alone."""

from typing import Any

from sandbox.gateways.ipaymu.mount import FEES, MOUNT, NAME, PAYERS, PLATFORM, UNSETTLED, invalid, local, said
from sandbox.gateways.messages import Answer, Refused, Request
from sandbox.gateways.world import World

Row = dict[str, Any]
PENDING, PAID, CANCELLED, REFUNDED, ERROR, FAILED, UNSETTLED_PAID, ESCROW, EXPIRED = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    -2,
)
WORDS = {PENDING: "pending", PAID: "berhasil", UNSETTLED_PAID: "berhasil", EXPIRED: "expired"}
OUTCOMES = {"paid": PAID, "cancelled": CANCELLED, "failed": FAILED, "expired": EXPIRED, "escrow": ESCROW,
            "error": ERROR}  # fmt: skip
DAY, PAGE_MAX = 86_400, 20


def begin(request: Request, row: Row, hours: float) -> Row:
    """A pending transaction; it lapses after so many hours, or ends as /_sim/outcomes has it."""
    world = request.world
    fee = row["amount"] * world.settings(NAME)["fee_basis_points"] // 10_000
    buyer = request.data.get("feeDirection") == "BUYER"
    row |= {
        "id": 100_001 + len(_table(world)), "status": PENDING, "fee": fee, "total": row["amount"] + buyer * fee,
        "sid": world.fresh("", 32).lower(), "made": world.clock.now(), "ends": world.clock.now() + hours * 3600,
        "paid": None, "back": str(request.data.get("returnUrl", "")), "late": None,
    }  # fmt: skip
    if fault := request.fault("late_reversal"):
        row["late"] = fault.days
    keep(world, row)
    world.timers.after(hours * 3600, NAME, "ends", id=row["id"], status=EXPIRED)
    if fixed := world.outcome(NAME, row["reference"], row["email"], row["phone"]):
        seconds = fixed.get("seconds", 5)
        world.timers.after(seconds, NAME, "ends", id=row["id"], status=OUTCOMES[fixed["outcome"]])
    return row


def keep(world: World, row: Row) -> None:
    """Write a row, and note its session."""
    _table(world).put(str(row["id"]), row)
    world.store.table(f"{NAME}.sessions").put(row["sid"], {"id": row["id"]})


def of_session(world: World, sid: str) -> Row | None:
    """The transaction of a session."""
    known = world.store.table(f"{NAME}.sessions").get(sid)
    return _table(world).get(str(known["id"])) if known else None


def end(world: World, row: Row, status: int) -> None:
    """Paid, or not any more; told by callback where one of its words says it."""
    if status == PAID:
        later = world.settings(NAME)["settle_seconds"]
        _receive(world, row, UNSETTLED if later else PLATFORM)
        status = UNSETTLED_PAID if later else PAID
        if later:
            world.timers.after(later, NAME, "settles", id=row["id"])
        if row["late"] is not None:
            world.timers.after(row["late"] * DAY, NAME, "reverses", id=row["id"])
    row |= {"status": status, "paid": world.clock.now() if status in (PAID, UNSETTLED_PAID) else row["paid"]}
    keep(world, row)
    if status in WORDS:
        tell(world, row)


@MOUNT.action("ends")
def ends(world: World, members: Row) -> None:
    """Time is up, or the payer did what they were to do."""
    row = _table(world).get(str(members["id"]))
    if row and row["status"] == PENDING:
        end(world, row, members["status"])


@MOUNT.action("settles")
def settles(world: World, members: Row) -> None:
    """Paid money may be used."""
    row = _table(world).get(str(members["id"]))
    if row and row["status"] == UNSETTLED_PAID:
        _move(world, row, "settle", UNSETTLED, PLATFORM, row["total"] - row["fee"])
        row["status"] = PAID
        keep(world, row)
        tell(world, row)


@MOUNT.action("reverses")
def reverses(world: World, members: Row) -> None:
    """The payer has it back, by iPaymu's own doing: no call of ours can."""
    row = _table(world).get(str(members["id"]))
    if row and row["status"] in (PAID, UNSETTLED_PAID):
        source = PLATFORM if row["status"] == PAID else UNSETTLED
        _move(world, row, "reversal", source, PAYERS, row["amount"])
        row["status"] = REFUNDED
        keep(world, row)


@MOUNT.control("end")
def by_hand(world: World, data: Row) -> Row:
    """{id, outcome}: paid, cancelled, failed, expired, escrow, error; ``refunded`` of what was paid."""
    row = _table(world).get(str(data["id"]))
    if row is None:
        raise LookupError("no such transaction")
    if data["outcome"] == "refunded":
        reverses(world, {"id": row["id"]})
    elif row["status"] in (PENDING, ESCROW, ERROR):
        end(world, row, OUTCOMES[data["outcome"]])
    else:
        raise ValueError(f"the transaction's status is {row['status']}")
    return view(row)


@MOUNT.control("pay_all")
def paid_by_all(world: World, data: Row) -> Row:
    """{email}: every payer (or this one) pays what they were asked for and have not paid: {paid}."""
    due = [
        row
        for _, row in _table(world).items()
        if row["status"] == PENDING and data.get("email") in (None, row["email"])
    ]
    for row in due:
        end(world, row, PAID)
    return {"paid": len(due)}


def tell(world: World, row: Row) -> None:
    """The callback, to the address that was named with the payment."""
    if not row["notify"]:
        return
    code = PAID if row["status"] == UNSETTLED_PAID else row["status"]
    payload = {
        "trx_id": row["id"], "sid": row["sid"], "reference_id": row["reference"], "status": WORDS[row["status"]],
        "status_code": code, "sub_total": row["amount"], "total": row["total"], "amount": row["total"],
        "fee": row["fee"], "paid_off": row["total"] - row["fee"], "created_at": local(row["made"]),
        "expired_at": local(row["ends"]), "paid_at": local(row["paid"]) if row["paid"] else "",
        "settlement_status": "settled" if row["status"] == PAID else "unsettled",
        "transaction_status_code": row["status"], "is_escrow": False, "system_notes": "Sandbox notify",
        "via": row["via"], "channel": row["channel"], "payment_no": row["code"], "buyer_name": row["name"],
        "buyer_email": row["email"], "buyer_phone": row["phone"], "additional_info": [], "url": row["notify"],
    }  # fmt: skip
    world.hooks.send(NAME, f"payment.{WORDS[row['status']]}", payload, reference=row["reference"])


@MOUNT.route("POST", "/transaction", lookup=True)
def seen(request: Request) -> Answer:
    """By iPaymu's number; there is no lookup by our reference."""
    row = _table(request.world).get(str(request.data.get("transactionId", "")))
    if row is None:
        raise Refused(404, {"Status": 404, "Message": "transaction not found"})
    return said(view(row))


@MOUNT.route("POST", "/history", lookup=True)
def history(request: Request) -> Answer:
    """What was made in these days, twenty at a time: the only way to find a creation whose answer was lost."""
    data, settings = request.data, request.world.settings(NAME)
    rows = [row for _, row in _table(request.world).items()]
    rows = rows if data.get("order") == "ASC" else rows[::-1]
    if not settings["links_listed"]:
        rows = [row for row in rows if row["code"] or row["status"] != PENDING]
    if data.get("id"):
        rows = [row for row in rows if str(row["id"]) == str(data["id"])]
    if data.get("status") not in (None, ""):
        rows = [row for row in rows if str(row["status"]) == str(data["status"])]
    first, last = str(data.get("startdate") or ""), str(data.get("enddate") or "9")
    when = "paid" if data.get("date") == "indate" else "made"
    rows = [row for row in rows if row[when] and first <= local(row[when])[:10] <= last[:10]]
    try:
        size, at = min(PAGE_MAX, int(data.get("limit") or PAGE_MAX)), max(1, int(data.get("page") or 1))
    except (TypeError, ValueError):
        raise invalid("page", "page harus angka") from None
    shown = [view(row) for row in rows[(at - 1) * size : at * size]]
    pages = {"total": len(rows), "count": len(shown), "per_page": size, "current_page": at,
             "total_pages": -(-len(rows) // max(1, size))}  # fmt: skip
    return said({settings["history_member"]: shown, "Pagination": pages})


def view(row: Row) -> Row:
    """As lookups show it."""
    return {
        "TransactionId": row["id"], "SessionId": row["sid"], "ReferenceId": row["reference"], "Via": row["via"],
        "Channel": row["channel"], "PaymentNo": row["code"], "Amount": row["total"], "SubTotal": row["amount"],
        "Fee": row["fee"], "Status": row["status"], "StatusDesc": WORDS.get(row["status"], "lainnya"),
        "PaidStatus": "paid" if row["paid"] else "unpaid", "IsLocked": False, "IsEscrow": row["status"] == ESCROW,
        "BuyerName": row["name"], "BuyerEmail": row["email"], "BuyerPhone": row["phone"],
        "CreatedDate": local(row["made"]), "ExpiredDate": local(row["ends"]),
        "SuccessDate": local(row["paid"]) if row["paid"] else "", "Notes": "", "Type": 7, "TypeDesc": "Payment",
    }  # fmt: skip


def _receive(world: World, row: Row, target: Any) -> None:
    _move(world, row, "charge", PAYERS, target, row["total"])
    if row["fee"]:
        _move(world, row, "fee", target, FEES, row["fee"])


def _move(world: World, row: Row, kind: str, source: Any, target: Any, amount: int) -> None:
    more = {"reference": row["reference"], "object_id": str(row["id"])}
    world.books.move(kind, source, target, amount, "IDR", **more)


def _table(world: World) -> Any:
    return world.objects(f"{NAME}.transactions")
