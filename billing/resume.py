"""Letting a stopped subscription go on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from billing import again, change, hold, missed, moment, states
from billing.models import Invoice, Plan, Subscription
from billing.moment import Moment
from engine.core import calendar
from engine.core.actor import SYSTEM, Actor, Role
from engine.core.errors import Refusal
from engine.outbox import emit


def resume(subscription_id: UUID, *, reason: str = "", by: Actor = SYSTEM) -> Subscription:
    """Go on after a pause. Writes.

    Periods that started while it was paused are skipped, never billed; what was open before it is asked for
    again. Raises Refusal if it is not paused.
    """
    by.must_be(Role.OPERATOR, "resume")
    with transaction.atomic():
        owed = change.locked_debts(subscription_id)
        subscription = change.locked(subscription_id)
        if subscription.state != Subscription.State.PAUSED:
            raise Refusal("not_paused", "Subscription is not paused", param="subscription")
        before, at = change.picture(subscription), moment.read(subscription.clock_id)
        failed = any(invoice.first_failed_at for invoice in owed)
        change.move(subscription, "past_due" if failed else "active")
        subscription.reason_code = next((i.reason_code for i in owed if i.first_failed_at), "")
        subscription.reason = next((i.reason for i in owed if i.first_failed_at), "")
        skipped = 0 if subscription.held_code else go_on(subscription, at.business, skip=True)
        change.save(subscription, "subscription.resumed", at, skipped=skipped)
        change.record(by, "resume", subscription, before, reason=reason)
        again.collect_again(subscription_id, machine_at=at.machine)
    return subscription


def release_held(subscription_id: UUID, *, why: str = "") -> Subscription:
    """An operator lets a held subscription go on: all that it missed up to now is billed. Writes.

    A canceled one does not go on: what began before its end is billed as debts, `missed.MOST` of them at once. A
    period that has its invoice already is passed over. Raises Refusal if it is not held, or paused, or canceled while
    its plan was off, or if its plan is off: claim would hold it for that, and what began before the stop would be
    skipped with what began after it; and of a canceled one where its data lets nothing be billed.
    """
    return _release(subscription_id, skip=False, why=why)


def skip_missed(subscription_id: UUID, *, why: str = "") -> Subscription:
    """Let a held subscription go on from its next date; what it missed is skipped, never billed. Writes.

    Of a canceled one what began before its end is skipped. Raises Refusal if it is not held, or paused, or canceled
    while its plan was off: that is skipped already.
    """
    return _release(subscription_id, skip=True, why=why)


def release_draft(invoice_id: UUID, *, why: str = "") -> None:
    """Offer a held draft to finalize again, after its cause was mended. Writes. Raises Refusal if not held."""
    with transaction.atomic():
        found = (
            Invoice.objects.filter(pk=invoice_id, state="draft").exclude(held_reason="").select_for_update()
        )
        invoice = found.first()
        if invoice is None:
            raise Refusal("not_held", "there is no held draft of that id", param="invoice")
        invoice.held_reason = ""
        at = moment.read(invoice.clock_id)
        invoice.next_action_at = at.machine
        invoice.version += 1
        invoice.save(update_fields=["held_reason", "next_action_at", "version"])
        payload = {"invoice_id": invoice.pk, "subscription_id": invoice.subscription_id, "why": why}
        event = emit.NewEvent("invoice.released", "invoice", invoice.pk, invoice.version, invoice.clock_id,
                              at.business, invoice.correlation_id, payload)  # fmt: skip
        emit.emit([event], machine_at=at.machine)


def _release(subscription_id: UUID, *, skip: bool, why: str) -> Subscription:
    with transaction.atomic():
        subscription = change.locked(subscription_id)
        if not subscription.held_code:
            raise Refusal("not_held", "Subscription is not held", param="subscription")
        if subscription.state == Subscription.State.PAUSED:
            raise Refusal(
                "subscription_paused", "Subscription is paused; resume it first", param="subscription"
            )
        if not hold.waits(subscription.state, subscription.held_code):
            raise Refusal(
                "already_skipped", "Subscription is canceled; what began while its plan was off is skipped already",
                param="subscription",
            )  # fmt: skip
        if not skip:
            _plan_is_on(subscription.plan_id)
        at = moment.read(subscription.clock_id)
        if subscription.held_code == hold.PERIOD_TAKEN:
            _pass_over_taken(subscription)
        let_go = _go_on_released if subscription.state in states.BILLED else _bill_ended
        skipped = let_go(subscription, at, skip=skip)
        left = missed.held_back(subscription, subscription.ended_at or at.business)
        change.save(subscription, "subscription.released", at, skipped=skipped, why=why, not_billed=left)
    return subscription


def _go_on_released(subscription: Subscription, at: Moment, *, skip: bool) -> int:
    subscription.held_code = subscription.held_reason = ""
    subscription.catch_up = 0
    subscription.released_until = at.business
    return go_on(subscription, at.business, skip=skip)


def _bill_ended(subscription: Subscription, at: Moment, *, skip: bool) -> int:
    """Bill or skip what a canceled one missed before its end; how many periods were skipped."""
    until = subscription.ended_at or at.business
    if not skip:
        missed.bill(subscription, until, at)
        if subscription.held_code == hold.BAD_DATA:
            raise Refusal("bad_data", subscription.held_reason, param="subscription")
        return 0
    skipped = missed.begun(subscription, until)
    subscription.period_no += skipped
    subscription.periods_skipped += skipped
    subscription.held_code = subscription.held_reason = ""
    return skipped


def _plan_is_on(plan_id: UUID) -> None:
    """Locked, so that the plan is not turned off between this look and the release: that bills what is due."""
    plan = Plan.objects.select_for_update(no_key=True).get(pk=plan_id)
    if not plan.active:
        raise Refusal("plan_inactive", "its plan is off: activate that first; the hold stays", param="plan")


def go_on(subscription: Subscription, now: datetime, *, skip: bool) -> int:
    """Set the next due date, from the anchor as always; how many periods were skipped."""
    version = subscription.plan_version
    unit, count, zone = version.interval_unit, version.interval_count, subscription.zone
    anchor, skipped = subscription.anchor_at, 0
    if skip:
        skipped = calendar.periods_due(anchor, subscription.period_no, now, unit=unit, count=count, zone=zone)
        subscription.period_no += skipped
        subscription.periods_skipped += skipped
        subscription.catch_up = 0
    due = calendar.nth(anchor, subscription.period_no, unit=unit, count=count, zone=zone)
    ended = subscription.ends_at is not None and due >= subscription.ends_at
    subscription.next_due_at = None if ended else due
    return skipped


def _pass_over_taken(subscription: Subscription) -> None:
    taken = set(
        Invoice.objects.filter(subscription=subscription, period_no__gte=subscription.period_no)
        .values_list("period_no", flat=True)
    )  # fmt: skip
    while subscription.period_no in taken:
        subscription.period_no += 1
