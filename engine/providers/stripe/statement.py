"""Stripe's own account of what moved on our balance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from engine.providers.edge.faults import Fault
from engine.providers.statements import Line
from engine.providers.stripe import refusal
from engine.providers.stripe.client import Api, Refused
from engine.providers.stripe.reading import Json, Odd, check, currency, moment, named, text, whole
from engine.providers.unread import Unread

if TYPE_CHECKING:
    from stripe.params import BalanceTransactionListParams

PAGE = 100  # the most that Stripe gives
# What an evidence of ours names by the object itself. Of one that came back there is a second line: that is named by
# its own id, as is what has no object, such as a fee.
_FIRST = {"charge", "payment", "refund", "payment_refund", "transfer", "payout"}


def lines(api: Api, since: datetime, until: datetime) -> Iterator[Line | Unread]:
    """What moved from `since` to before `until`, page by page, the newest first, with what can't be read. Calls out.

    Raises ProviderUnavailable.
    """
    wanted: BalanceTransactionListParams = {
        "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())},
    }
    try:
        pages = api.pages(
            "lookup", lambda v1, cursor: v1.balance_transactions.list({**wanted, **cursor}), size=PAGE
        )
        for heard in pages:
            try:
                yield _line(heard.found)
            except Odd as odd:  # the others are read all the same
                yield Unread("balance_transaction", text(heard.found, "id"), str(odd))
    except (Fault, Refused) as fault:
        raise refusal.unavailable(fault) from None


def _line(found: Json) -> Line:
    ref, source = check(found, "balance_transaction", live=None), named(found, "source")
    return Line(
        movement_id=source if source and text(found, "type") in _FIRST else ref,
        at=moment(found, "created"),
        currency=currency(found),
        amount_minor=whole(found, "amount"),
        fee_minor=whole(found, "fee"),
        provider_ref=source,
    )
