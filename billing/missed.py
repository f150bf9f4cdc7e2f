"""What began before a subscription's end and has no invoice yet: all of it becomes drafts at once (I2).

The catch-up limit has no say here: it guards payers against pulls that surprise them, and a draft of a canceled
subscription is opened as a debt, without a payment.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Min

from billing import change, hold, isolate, moment
from billing.models import Invoice, Subscription
from billing.moment import Moment
from engine.core import calendar, sql
from engine.core.ids import uuid7s
from engine.core.packed import packed

log = structlog.get_logger(__name__)
MOST = 1000  # periods that one act bills; what is more stays held, and the next release bills on


def begun(subscription: Subscription, until: datetime) -> int:
    """How many periods have begun by `until` that have no invoice yet. Pure but for the plan's version."""
    version = subscription.plan_version
    if subscription.ends_at is not None:  # a period that would begin at the end is none
        until = min(until, subscription.ends_at - timedelta(microseconds=1))
    return calendar.periods_due(
        subscription.anchor_at, subscription.period_no, until, unit=version.interval_unit,
        count=version.interval_count, zone=subscription.zone,
    )  # fmt: skip


def held_back(subscription: Subscription, until: datetime) -> int | None:
    """How many begun periods its hold keeps unbilled; None where its data does not let anybody say. Pure as `begun`."""
    if not subscription.held_code:
        return 0
    try:
        return begun(subscription, until)
    except isolate.BAD_ROW:
        return None


def bill(subscription: Subscription, until: datetime, at: Moment) -> None:
    """Draft every period that began by `until`, which ends its hold. Writes in the caller's transaction.

    The subscription is locked. What can't be billed leaves it held with the reason: more than MOST, a period that has
    its invoice already, bad data.
    """
    before = subscription.held_code
    try:
        with transaction.atomic():
            sql.check_keys_at_once()
            left = _draft(subscription, until, at)
    except isolate.BAD_ROW as fault:
        left = (hold.BAD_DATA, isolate.sentence(fault))
    subscription.held_code, subscription.held_reason = left
    subscription.next_due_at, subscription.catch_up = None, 0
    if before or not subscription.held_code:
        subscription.save()
        return
    code, reason = left
    change.save(subscription, "subscription.held", at, code=code, reason=reason)
    log.warning("subscription held", subscription=str(subscription.pk), code=code, reason=reason)


def _draft(subscription: Subscription, until: datetime, at: Moment) -> tuple[str, str]:
    """Insert the drafts and move its period on; the code and sentence of what keeps the others back."""
    first, count = subscription.period_no, begun(subscription, until)
    later = Invoice.objects.filter(subscription=subscription, period_no__gte=first)
    taken = later.aggregate(lowest=Min("period_no"))["lowest"]
    end = min(first + count, first + MOST)
    if taken is not None and taken < end:
        end, left = taken, (hold.PERIOD_TAKEN, hold.TAKEN)
    else:
        more = f"{first + count - end} missed periods are more than one act bills; release it to bill on."
        left = (hold.CATCH_UP, more) if end < first + count else ("", "")
    if end > first:
        _insert(subscription, range(first, end), at)
    subscription.period_no = end
    return left


def _insert(subscription: Subscription, numbers: range, at: Moment) -> None:
    version = subscription.plan_version
    starts = [
        calendar.nth(subscription.anchor_at, no, unit=version.interval_unit, count=version.interval_count,
                     zone=subscription.zone)
        for no in range(numbers.start, numbers.stop + 1)
    ]  # fmt: skip
    sql.affected(
        sql.statement(__file__, "insert_missed"),
        {
            "subscription_id": subscription.pk,
            "invoice_ids": packed(uuid7s(len(numbers))),
            "period_nos": packed(numbers),
            "period_starts": packed(starts[:-1]),
            "period_ends": packed(starts[1:]),
            "business_at": at.business,
            "machine_at": at.machine,
            "correlation_id": moment.correlation(),
        },
    )
