"""Taking a subscription out of billing with a reason, and telling so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import structlog
from django.db.models import Q

from billing.moment import Moment
from engine.core import sql
from engine.outbox import emit

log = structlog.get_logger(__name__)

CATCH_UP = "catch_up"
PLAN_INACTIVE = "plan_inactive"
PERIOD_TAKEN = "period_taken"
BAD_DATA = "bad_data"
TAKEN = "This period has an invoice already; nothing was billed."
# What waits for an approver, also where it was canceled meanwhile. What began while its plan was off is skipped by
# intent: of a canceled one nobody releases that.
WAITS = ~Q(held_code="") & ~Q(held_code=PLAN_INACTIVE, state="canceled")


class Held(NamedTuple):
    """`code` for programs, `reason` one sentence for the operator."""

    subscription_id: UUID
    code: str
    reason: str


def waits(state: str, code: str) -> bool:
    """Whether a subscription in that state and with that hold is among `WAITS`. Pure."""
    return code != "" and (code, state) != (PLAN_INACTIVE, "canceled")


def hold(held: Sequence[Held], moment: Moment, *, correlation_id: UUID) -> int:
    """Take the subscriptions out of the due index; how many. Writes in the caller's transaction.

    The rows must be locked. Each gets its reason, an event and a warning; release_held puts it back.
    """
    if not held:
        return 0
    found = sql.rows(
        sql.statement(__file__, "hold_subscriptions"),
        {
            "ids": [each.subscription_id for each in held],
            "codes": [each.code for each in held],
            "reasons": [each.reason for each in held],
        },
    )
    events = []
    for subscription, version, clock_id, customer, period_no, code, reason in found:
        payload = {"subscription_id": subscription, "customer_id": customer, "period_no": period_no,
                   "code": code, "reason": reason}  # fmt: skip
        events.append(
            emit.NewEvent("subscription.held", "subscription", subscription, version, clock_id,
                          moment.business, correlation_id, payload)
        )  # fmt: skip
        log.warning("subscription held", subscription=str(subscription), code=code, reason=reason)
    emit.emit(events, machine_at=moment.machine)
    return len(found)
