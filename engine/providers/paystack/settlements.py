"""Settlements: what Paystack paid from our balance into our bank, one for each day and currency as a rule.

No paper says of what moment `from` and `to` of this list are, and the published specification has neither: some days
more are asked for on both sides, and what is outside the span is left out here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from engine.providers.abilities import Settlement
from engine.providers.base import ProviderUnavailable
from engine.providers.edge.faults import Fault
from engine.providers.paystack import findings, pages, strict
from engine.providers.paystack.client import Client
from engine.providers.paystack.strict import Odd
from engine.providers.unread import Unread

_AROUND = timedelta(days=7)  # between the making of one and its date


def listed(client: Client, since: datetime, until: datetime) -> Iterator[Settlement | Unread]:
    """Those made from `since` to before `until`, each once, with those that can't be read. Calls out.

    Raises ProviderUnavailable.
    """
    seen: set[str] = set()  # one that is made meanwhile moves the others by a place
    try:
        for row in pages.between(client, "/settlement", since - _AROUND, until + _AROUND):
            found = _readable(row) if row.get("domain") == client.account.domain else None
            if isinstance(found, Unread):
                yield found
            elif found and since <= found.made_at < until and found.settlement_ref not in seen:
                seen.add(found.settlement_ref)
                yield found
    except Fault as fault:
        raise findings.unavailable(fault) from None
    except Odd as odd:
        raise ProviderUnavailable("answer_unreadable", f"the settlements can't be read: {odd}") from None


def _readable(row: Mapping[str, Any]) -> Settlement | Unread:
    try:
        return _read(row)
    except Odd as odd:
        return Unread("settlement", str(row.get("id"))[:40], str(odd))


def _read(row: Mapping[str, Any]) -> Settlement:
    """One. Raises Odd. Where nothing was kept back there may be no effective amount."""
    effective = strict.whole_or_none(row, "effective_amount")
    return Settlement(
        settlement_ref=str(strict.whole(row, "id")),
        made_at=strict.moment(row, "createdAt", "settlement_date"),
        settled_at=strict.moment(row, "settlement_date"),
        currency=strict.currency(row),
        gross_minor=strict.whole(row, "total_processed"),
        fee_minor=strict.whole(row, "total_fees"),
        amount_minor=strict.whole(row, "total_amount") if effective is None else effective,
        status=strict.word(row, "status"),
    )
