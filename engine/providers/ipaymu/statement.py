"""iPaymu's own account of what moved: the paid transactions of its history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from engine.providers.ipaymu import history, transaction
from engine.providers.ipaymu.account import Account
from engine.providers.ipaymu.sheet import CURRENCY
from engine.providers.ipaymu.words import PAID, Status
from engine.providers.statements import Line

# The history goes by when a transaction was made; it is paid within the life of its longest code.
LIFE = timedelta(hours=36)


def lines(account: Account, since: datetime, until: datetime) -> Iterator[Line]:
    """What was paid from `since` to before `until`, newest first. Calls out. Raises ProviderUnavailable.

    Of what was given back the moment is not shown: both stand at the moment at which it was paid.
    """
    told: set[str] = set()  # what is made while we read moves a row to the next page
    for row in history.rows(account, since - LIFE, until):
        at = transaction.moment(row.get("SuccessDate") or row.get("CreatedDate"))
        seen = transaction.read(row, asked_minor=0)
        if seen is None or at is None or not since <= at < until or seen.number in told:
            continue
        if seen.status in (*PAID, Status.REFUNDED):
            told.add(seen.number)
            yield from _of(seen, at)


def _of(seen: transaction.Transaction, at: datetime) -> Iterator[Line]:
    yield Line(seen.number, at, CURRENCY, seen.asked_minor, seen.fee_minor, seen.number)
    if seen.status is Status.REFUNDED:
        yield Line(f"{seen.number}-refund", at, CURRENCY, -seen.asked_minor, 0, seen.number)
