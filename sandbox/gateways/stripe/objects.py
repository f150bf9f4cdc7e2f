"""Stripe's objects as rows: made, found, listed, shown and expanded.

A row's members that begin with ``_`` are the simulator's own and never shown; ``_account`` says whose it is.
"""

from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.store import Table
from sandbox.gateways.stripe import errors, forms
from sandbox.gateways.stripe.mount import NAME, PLATFORM
from sandbox.gateways.world import World

Row = dict[str, Any]
TABLES = {
    "pi_": "payment_intents", "ch_": "charges", "re_": "refunds", "dp_": "disputes", "tr_": "transfers",
    "trr_": "reversals", "po_": "payouts", "txn_": "balance_transactions", "cus_": "customers",
    "pm_": "payment_methods", "seti_": "setup_intents", "acct_": "accounts", "evt_": "events",
}  # fmt: skip
LIMIT_DEFAULT, LIMIT_MAX = 10, 100
COMPARE = {
    "gt": lambda found, given: found > given,
    "gte": lambda found, given: found >= given,
    "lt": lambda found, given: found < given,
    "lte": lambda found, given: found <= given,
}


def table(world: World, name: str) -> Table:
    """One of Stripe's tables."""
    return world.objects(f"{NAME}.{name}")


def owner(request: Request) -> str:
    """Whose objects a request is about: the platform or the connected account of its header.

    403 where there is no such account.
    """
    number = request.headers.get("stripe-account", "")
    if not number:
        return PLATFORM
    if table(request.world, "accounts").get(number) is None:
        message = f"The provided key does not have access to account '{number}' (or it does not exist)."
        refused = errors.invalid(message, code="account_invalid")
        refused.answer.status = 403
        raise refused
    return number


def make(world: World, prefix: str, kind: str, account: str, /, **members: Any) -> Row:
    """A new row in its table, with id, object, created and livemode."""
    row: Row = {
        "id": world.fresh(prefix),
        "object": kind,
        "created": int(world.clock.now()),
        "livemode": world.settings(NAME)["livemode"],
        **members,
        "_account": account,
    }
    keep(world, row)
    return row


def keep(world: World, row: Row) -> Row:
    """Write a row that was changed."""
    table(world, _table_of(row["id"])).put(row["id"], row)
    return row


def find(request: Request, name: str, number: str | None, param: str = "id") -> Row:
    """The row of this id that the request may see; 404 without one."""
    row = table(request.world, name).get(number or "")
    if row is None or (row["_account"] != owner(request) and name != "accounts"):
        raise errors.missing(name.removesuffix("s").replace("_", ""), number or "", param)
    return row


def shown(row: Row) -> Row:
    """A row without what is the simulator's own, as a copy."""
    return {name: _copied(value) for name, value in row.items() if not name.startswith("_")}


def answer(request: Request, row: Row) -> Answer:
    """A row as the answer, with what was asked to be expanded."""
    found = shown(row)
    for path in _expand(request):
        _expanded(request.world, found, path.split("."))
    return Answer(found)


def page(request: Request, name: str, filters: tuple[str, ...] = (), **equal: Any) -> Answer:
    """A list, the newest first, by Stripe's cursors, ``created`` and the filters given by name."""
    data = request.data
    forms.refuse_unknown(data, {"limit", "starting_after", "ending_before", "created", *filters})
    wanted = {filter_: value for filter_ in filters if (value := forms.text(data, filter_)) is not None}
    return cut(request, matching(request, name, **equal, **wanted))


def matching(request: Request, name: str, **equal: Any) -> list[Row]:
    """The rows that the request may see and whose ``created`` fits what it asks, the newest first."""
    rows = table(request.world, name).rows(_account=owner(request), **equal)
    return [row for row in reversed(rows) if _created_fits(row, request.data.get("created"))]


def cut(request: Request, rows: list[Row]) -> Answer:
    """One page of rows that stand in their order."""
    data = request.data
    limit = forms.integer(data, "limit") or LIMIT_DEFAULT
    if not 1 <= limit <= LIMIT_MAX:
        raise errors.invalid(f"Invalid integer: limit must be from 1 to {LIMIT_MAX}", param="limit")
    ids = [row["id"] for row in rows]
    after, before = forms.text(data, "starting_after"), forms.text(data, "ending_before")
    first, last = 0, len(rows)
    if after in ids:
        first = ids.index(after) + 1
    if before in ids:
        last = ids.index(before)
        first = max(first, last - limit)
    seen = [shown(row) for row in rows[first : min(last, first + limit)]]
    for path in _expand(request):
        for each in seen:
            _expanded(request.world, each, path.removeprefix("data.").split("."))
    more = first + limit < last if before not in ids else first > 0
    return Answer({"object": "list", "data": seen, "has_more": more, "url": f"/v1{request.path}"})


def _copied(value: Any) -> Any:
    """JSON needs no more than this, and copy.deepcopy was a third of all the time that a request took."""
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


def _created_fits(row: Row, wanted: Any) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, dict):
        return all(
            COMPARE[name](row["created"], int(value)) for name, value in wanted.items() if name in COMPARE
        )
    return bool(row["created"] == int(wanted))


def _expand(request: Request) -> list[str]:
    wanted = request.data.get("expand") if isinstance(request.data, dict) else None
    return list(wanted) if isinstance(wanted, list) else []


def _expanded(world: World, row: Row, path: list[str]) -> None:
    name, *rest = path
    value = row.get(name)
    if isinstance(value, str):
        found = table(world, _table_of(value)).get(value) if _table_of(value) else None
        if found is None:
            return
        value = row[name] = shown(found)
    if rest and isinstance(value, dict):
        _expanded(world, value, rest)


def _table_of(number: str) -> str:
    prefix = number[: number.find("_") + 1]
    return TABLES.get(prefix, "")
