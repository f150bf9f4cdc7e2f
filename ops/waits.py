"""What stands still without being anybody's fault in the books: payments that wait for us or for the payee, and what
billing set aside. Each is moved on or kept by a rule, so nothing of it is late; its age is what is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from billing import hold
from engine.core import clock, sql
from ops import parts
from payments.pipeline.refundable import DISPUTED

HELD_CODES = (hold.BAD_DATA, hold.CATCH_UP, hold.PERIOD_TAKEN, hold.PLAN_INACTIVE)
IN_A_CASE = DISPUTED[0]  # a case tells of it, until when, and closes by itself


class Wait(NamedTuple):
    """Payments of one reason: `whom` is `provider` (it, or we) or `payee`. `since`: when the oldest was made."""

    provider: str
    whom: str
    code: str
    number: int
    since: datetime


class Held(NamedTuple):
    """How many billing set aside, and since when the oldest; None where there is none, or nothing tells."""

    number: int
    since: datetime | None


def payments(*, most: int) -> list[Wait]:
    """Those not sent, by provider and reason, counted to `most` each. Reads by index."""
    return [Wait(*row) for row in sql.rows(sql.statement(__file__, "waiting_payments"), {"most": most})]


def told(*, most: int) -> list[str]:
    """One sentence for each reason for which a payment has waited for long, counted to `most`. Reads by index.

    What a moment ends (a provider's limit, an account that is being opened) is not told.
    """
    before = clock.machine_now() - timedelta(seconds=parts.SILENT_SECONDS)
    return [
        f"Payments wait for {'the payee' if each.whom == 'payee' else f'us or {each.provider}'} ({each.code}): "
        f"{f'{most}+' if each.number > most else each.number}, the oldest since {each.since:%Y-%m-%d %H:%M} UTC."
        for each in payments(most=most + 1)
        if each.since <= before and each.code != IN_A_CASE
    ]


def drafts(*, most: int) -> Held:
    """Invoices that could not be finalized, counted to `most`. Reads by index."""
    ((number, since),) = sql.rows(sql.statement(__file__, "held_drafts"), {"most": most})
    return Held(number, since)


def subscriptions(*, most: int) -> dict[str, Held]:
    """Held ones by code, counted to `most` each. Reads by index."""
    asked = {"most": most, "codes": list(HELD_CODES)}
    found = sql.rows(sql.statement(__file__, "held_subscriptions"), asked)
    return {code: Held(number, since) for code, number, since in found}
