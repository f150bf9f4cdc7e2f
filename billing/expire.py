"""Subscriptions whose end has come (row 0.5)."""

from __future__ import annotations

from django.db import transaction

from billing import moment
from billing.moment import Moment
from engine.core import sql
from engine.outbox import emit


def expire_ended(clock_id: int, *, batch: int = 500) -> int:
    """Expire what has ended on one clock and has no period left to bill; how many. Commits per batch."""
    total = 0
    count = batch
    while count == batch:
        with transaction.atomic():
            count = _expire(moment.read(clock_id), batch)
        total += count
    return total


def _expire(at: Moment, most: int) -> int:
    params = {"clock_id": at.clock_id, "business_now": at.business, "most": most}
    found = sql.rows(sql.statement(__file__, "expire"), params)
    run = moment.correlation()
    events = []
    for subscription, version, customer, creator, plan, ends_at in found:
        payload = {"subscription_id": subscription, "customer_id": customer, "creator_id": creator,
                   "plan_id": plan, "state": "expired", "ends_at": ends_at}  # fmt: skip
        events.append(
            emit.NewEvent("subscription.expired", "subscription", subscription, version, at.clock_id,
                          at.business, run, payload)
        )  # fmt: skip
    emit.emit(events, machine_at=at.machine)
    return len(found)
