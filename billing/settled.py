"""What invoices were paid in a span of time: from the ledger, where a correction is a booking of its own day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from engine.core import sql
from engine.core.ids import first_at

# What pays an invoice, and what takes that back.
KINDS = {"payment.succeeded": 1, "late.applied": 1, "suspense.applied": 1,
         "payment.reversed": -1, "late.reversed": -1, "suspense.reversed": -1}  # fmt: skip
# Between the making of a transfer's id and its booking, by two machines' clocks.
_ROOM = timedelta(hours=1)


class Settled(NamedTuple):
    """Of one currency, amounts in minor units. `minor` and `fee_minor` are net of what was taken back.

    `average_seconds` is from scheduled to settled, of those that were paid at once; None where none was.
    """

    currency: str
    paid: int
    minor: int
    fee_minor: int
    average_seconds: float | None


def settled(since: datetime, until: datetime) -> list[Settled]:
    """What was booked as paid, or as taken back, from `since` to before `until` (machine time), by currency. Reads."""
    params = {"since": since, "until": until, "floor": first_at(since - _ROOM), "ceiling": first_at(until + _ROOM),
              "kinds": list(KINDS), "signs": list(KINDS.values())}  # fmt: skip
    return [Settled(*sql.whole(row)) for row in sql.rows(sql.statement(__file__, "settled"), params)]
