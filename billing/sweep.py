"""The audit behind claim and finalize: nothing that is to be billed is without a date or an operator (I2).

Every verb leaves one, so a row that is mended here tells of a bug and is logged as an error; but for a hold
that crossed the activation of its plan, and for what could not be asked for while its provider was not configured.
"""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

import structlog
from django.db import transaction

from billing import again, change, hold, isolate, moment, resume, states
from billing.models import Subscription
from engine.core import clock, sql
from engine.core.errors import Refusal
from engine.providers import registry

log = structlog.get_logger(__name__)
CHUNK = 1000


def sweep(*, chunk: int = CHUNK) -> dict[str, int]:
    """Mend drafts and subscriptions that nothing would look at again; how many of each. Commits per step.

    A draft is due now, a subscription on its next date from the anchor; one whose date can't be reckoned is
    held with the reason. What has no period left before its end is sound. Invoices whose provider is configured
    again are asked for. Any number may run at once.
    """
    return {
        "drafts": _drafts(chunk),
        **_subscriptions(chunk),
        "plans_active_again": _held_for_nothing(chunk),
        "asked_again": _provider_is_back(chunk),
    }


def _drafts(chunk: int) -> int:
    mended, count = 0, chunk
    while count == chunk:
        params = {"now": clock.machine_now(), "most": chunk}
        found = sql.rows(sql.statement(__file__, "sweep_drafts"), params)
        for invoice, subscription in found:
            log.error("draft had no next action", invoice=str(invoice), subscription=str(subscription))
        count = len(found)
        mended += count
    return mended


def _subscriptions(chunk: int) -> dict[str, int]:
    counts = {"subscriptions": 0, "subscriptions_held": 0}
    after, count = UUID(int=0), chunk
    while count == chunk:
        params = {"after": after, "most": chunk}
        found = [row[0] for row in sql.rows(sql.statement(__file__, "sweep_subscriptions"), params)]
        for subscription_id in found:
            became = _mend(subscription_id)
            if became:
                counts[became] += 1
        count = len(found)
        after = found[-1] if found else after
    return counts


def _held_for_nothing(chunk: int) -> int:
    """Subscriptions held for a plan that is active. How many.

    A claim held them while it was activated, or activate_plan did not get to them. As there, what began while
    the plan was off is skipped, never billed.
    """
    held = Subscription.objects.filter(
        held_code=hold.PLAN_INACTIVE, plan__active=True, state__in=states.BILLED
    )
    found = list(held.order_by("pk").values_list("pk", flat=True)[:chunk])
    for subscription_id in found:
        with suppress(Refusal):  # somebody let it go meanwhile
            resume.skip_missed(subscription_id, why="its plan is active")
    return len(found)


def _provider_is_back(chunk: int) -> int:
    """Invoices asked for that could not be while their provider was not configured. How many. Commits each."""
    asked, after, count = 0, UUID(int=0), chunk
    while count == chunk:
        params = {"providers": registry.names(), "after": after, "most": chunk}
        found = sql.rows(sql.statement(__file__, "unasked_for_lack"), params)
        for subscription_id, invoice_ids in found:
            try:
                with transaction.atomic():
                    asked += len(
                        again.collect_again(subscription_id, machine_at=clock.machine_now(), only=invoice_ids)
                    )
            except isolate.BAD_ROW as fault:
                reason = isolate.sentence(fault)
                log.error(
                    "subscription can't be asked again", subscription=str(subscription_id), reason=reason
                )
        count = len(found)
        after = found[-1][0] if found else after
    return asked


def _mend(subscription_id: UUID) -> str:
    """What became of it; nothing if it is sound, or was mended meanwhile."""
    with transaction.atomic():
        subscription = change.locked(subscription_id)
        if subscription.next_due_at or subscription.held_code or subscription.state not in states.BILLED:
            return ""
        at = moment.read(subscription.clock_id)
        try:
            resume.go_on(subscription, at.business, skip=False)
        except Exception as fault:
            if sql.lost(fault):
                raise
            return _hold(subscription, isolate.sentence(fault), at)
        if subscription.next_due_at is None:
            return ""
        change.save(subscription, "subscription.mended", at)
    log.error("subscription had no due date", subscription=str(subscription_id), due=subscription.next_due_at)
    return "subscriptions"


def _hold(subscription: Subscription, reason: str, at: moment.Moment) -> str:
    subscription.held_code, subscription.held_reason = hold.BAD_DATA, f"it has no due date: {reason}"
    change.save(subscription, "subscription.held", at, code=hold.BAD_DATA, reason=subscription.held_reason)
    log.error("subscription had no due date and is held", subscription=str(subscription.pk), reason=reason)
    return "subscriptions_held"
