"""Paystack's own account of what moved: its lists of charges, refunds, transfers and disputes, as lines.

Each list is by creation, and a movement may come later than that: so each is read from some days before. The names of
the movements are those that our evidence has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from engine.providers.base import ProviderUnavailable
from engine.providers.edge.faults import Fault
from engine.providers.paystack import disputes, findings, pages, refund, strict
from engine.providers.paystack.client import Client
from engine.providers.paystack.strict import Odd
from engine.providers.statements import Line
from engine.providers.unread import Unread

Row = Mapping[str, Any]
Read = Callable[[Row], Iterator[Line]]


def lines(client: Client, since: datetime, until: datetime) -> Iterator[Line | Unread]:
    """What moved from `since` to before `until`, list by list, with what can't be read. Calls out.

    Raises ProviderUnavailable.
    """
    try:
        for path, days, read in _LISTS:
            for row in pages.between(client, path, since - timedelta(days=days), until):
                if row.get("domain") == client.account.domain:
                    found = _readable(path.strip("/"), read, row)
                    yield from (one for one in found if isinstance(one, Unread) or since <= one.at < until)
    except Fault as fault:
        raise findings.unavailable(fault) from None
    except Odd as odd:
        raise ProviderUnavailable("answer_unreadable", f"the statement can't be read: {odd}") from None


def _readable(kind: str, read: Read, row: Row) -> Sequence[Line | Unread]:
    """All of its lines, or that it has none that can be read: it hides no other."""
    try:
        return list(read(row))
    except Odd as odd:
        return [Unread(kind, str(row.get("id"))[:40], str(odd))]


def _charge(row: Row) -> Iterator[Line]:
    """Paid: its fee is off what came. One that was given back was paid too, and the return is a line of its own."""
    if row.get("status") in ("success", "reversed"):
        number, fee = str(strict.whole(row, "id")), strict.whole_or_none(row, "fees") or 0
        at = strict.moment(row, "paid_at", "created_at")
        yield Line(number, at, strict.currency(row), strict.whole(row, "amount"), fee, number)


def _refund(row: Row) -> Iterator[Line]:
    if row.get("status") == "processed":
        ref = refund.ref_of(strict.whole(row, "id"))
        at = strict.moment(row, "refunded_at", "updatedAt", "createdAt")
        yield Line(ref, at, strict.currency(row), -strict.whole(row, "amount"), 0, ref)


def _transfer(row: Row) -> Iterator[Line]:
    """Arrived, and come back if it did."""
    if row.get("status") in ("success", "reversed"):
        code, amount, currency = (
            strict.word(row, "transfer_code"),
            strict.whole(row, "amount"),
            strict.currency(row),
        )
        fee = strict.whole_or_none(row, "fee_charged") or 0
        yield Line(code, strict.moment(row, "transferred_at", "createdAt"), currency, -amount, fee, code)
        if row["status"] == "reversed":
            yield Line(f"{code}:returned", strict.moment(row, "updatedAt"), currency, amount, 0, code)


def _dispute(row: Row) -> Iterator[Line]:
    """Away when it was opened, and back if it was won."""
    ref = f"dispute:{strict.whole(row, 'id')}"
    amount, currency = disputes.disputed(row)
    yield Line(ref, strict.moment(row, "createdAt"), currency, -amount, 0, ref)
    if row.get("status") == "resolved" and row.get("resolution") == "declined":
        yield Line(f"{ref}:returned", strict.moment(row, "resolvedAt"), currency, amount, 0, ref)


_LISTS: tuple[tuple[str, int, Read], ...] = (
    ("/transaction", 3, _charge),
    ("/refund", 30, _refund),
    ("/transfer", 10, _transfer),
    ("/dispute", 120, _dispute),
)
