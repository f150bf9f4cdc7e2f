"""Paystack's objects: rows by reference, found by number or code too, and what callers see of them."""

import re
from datetime import UTC, datetime
from typing import Any

from sandbox.gateways.messages import Answer, Request
from sandbox.gateways.paystack import errors
from sandbox.gateways.paystack.mount import NAME
from sandbox.gateways.store import Table
from sandbox.gateways.world import World

Row = dict[str, Any]
INTEGRATION = 463433
CURRENCIES = ("NGN", "GHS", "ZAR", "KES", "USD")
PER_PAGE = 50


def table(world: World, name: str) -> Table:
    """Rows of one kind."""
    return world.objects(f"{NAME}.{name}")


def keep(world: World, name: str, row: Row) -> Row:
    """Write a row under its key, and note the other words by which it is found."""
    row["updatedAt"] = moment(world)
    table(world, name).put(row["_key"], row)
    for alias in (row.get("id"), row.get("transfer_code"), row.get("access_code")):
        if alias is not None:
            world.store.table(f"{NAME}.aliases").put(f"{name}|{alias}", {"key": row["_key"]})
    return row


def get(world: World, name: str, word: Any) -> Row | None:
    """A row by its key, number or code."""
    found = table(world, name).get(str(word))
    alias = None if found else world.store.table(f"{NAME}.aliases").get(f"{name}|{word}")
    return table(world, name).get(alias["key"]) if alias else found


def find(request: Request, name: str, word: Any, what: str) -> Row:
    """The same, or 404."""
    found = get(request.world, name, word)
    if found is None:
        raise errors.missing(what)
    return found


def shown(row: Row) -> Row:
    """What a caller sees: not what begins with an underscore."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


def said(message: str, data: Any, status: int = 200, **more: Any) -> Answer:
    """The envelope: ``status: true`` says that the call was accepted, not that money moved."""
    return Answer({"status": True, "message": message, "data": data, **more}, status)


def moment(world: World, seconds: float = 0) -> str:
    """Virtual now, or so many seconds after it, as Paystack writes it."""
    return written(world.clock.now() + seconds)


def written(at: float) -> str:
    """A moment (unix seconds) as Paystack writes it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def domain(world: World) -> str:
    """Of which mode everything here is."""
    return "live" if world.settings(NAME)["livemode"] else "test"


def number(world: World) -> int:
    """A fresh id."""
    return world.random.randrange(10**9, 2**31)


def amount(data: Row, name: str = "amount", *, required: bool = True) -> int | None:
    """Whole minor units above zero; the specification has them as an integer, not as text."""
    value = data.get(name)
    if value is None and not required:
        return None
    if type(value) is not int or value <= 0:
        raise errors.invalid(f"{name} must be a whole number above zero", "invalid_amount")
    return value


def text(data: Row, name: str, *, required: bool = False, default: str = "") -> str:
    """A member that is text."""
    value = data.get(name)
    if value is None and not required:
        return default
    if not isinstance(value, str) or not value:
        raise errors.invalid(f"{name} is required", "missing_params")
    return value


def currency(data: Row) -> str:
    """One that Paystack knows; NGN where none is named."""
    found = text(data, "currency", default="NGN").upper()
    if found not in CURRENCIES:
        raise errors.invalid("Currency not supported by merchant", "unsupported_currency")
    return found


def reference(data: Row, pattern: str, rule: str, *, fresh: str = "") -> str:
    """The caller's own word, within the rule of its kind."""
    found = text(data, "reference", required=not fresh, default=fresh)
    if not re.fullmatch(pattern, found):
        raise errors.invalid(f"Invalid reference: {rule}", "invalid_reference")
    return found


def page(request: Request, message: str, rows: list[Row], **more: Any) -> Answer:
    """One page of a list, the newest first, between ``from`` and ``to``."""
    query = request.query
    since, until = query.get("from", ""), query.get("to", "9")
    rows = [row for row in rows if since <= row["createdAt"] <= until][::-1]
    size, at = query.get("perPage") or query.get("per_page") or PER_PAGE, query.get("page") or 1
    try:
        size, at = min(100, max(1, int(size))), max(1, int(at))
    except ValueError:
        raise errors.invalid("page and perPage are whole numbers") from None
    meta = {"total": len(rows), "skipped": (at - 1) * size, "perPage": size, "page": at,
            "pageCount": -(-len(rows) // size), **more}  # fmt: skip
    return said(message, rows[(at - 1) * size : at * size], meta=meta)
