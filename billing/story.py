"""One subscription told to a person: a sentence about its state, and what happened to it. Reads."""

from __future__ import annotations

from uuid import UUID

from billing import hold
from billing.models import Invoice, Subscription
from engine.audit.told import acts_of
from engine.core import ids
from engine.core.timeline import Moment, facts, in_order, when
from engine.outbox.models import Event

MOST = 100  # lines of each table: the newest


def sentence(subscription: Subscription) -> str:
    """Where it stands, why, and what comes next with its time (business time of its clock)."""
    held = f"{subscription.held_reason.rstrip('. ')}. An approver releases it."
    waits = hold.waits(subscription.state, subscription.held_code)
    if subscription.state in (Subscription.State.CANCELED, Subscription.State.EXPIRED):
        ended = f"{subscription.get_state_display()} since {when(subscription.ended_at)}{_why(subscription)}."
        return f"{ended} Not all that began before is billed: {held}" if waits else ended
    if waits:
        return f"Held, nothing is billed: {held}"
    if subscription.state == Subscription.State.PAUSED:
        return f"Paused{_why(subscription)}; nothing is billed until somebody resumes it."
    due = f"period {subscription.period_no} is billed at {when(subscription.next_due_at)}"
    if subscription.next_due_at is None:
        due = "no further period is due"
    return f"{subscription.get_state_display().replace('_', ' ')}{_why(subscription)}; {due}."


def timeline(subscription_id: UUID) -> list[Moment]:
    """Its newest invoices, events and acts of people, oldest first. Reads three tables by index."""
    billed = Invoice.objects.filter(subscription_id=subscription_id).order_by("-period_no")[:MOST]
    told = Event.objects.filter(object_id=subscription_id, object_kind="subscription").order_by("-seq")[:MOST]
    return in_order(map(_invoice, billed), map(_event, told),
                    acts_of("subscription", subscription_id, most=MOST))  # fmt: skip


def _why(subscription: Subscription) -> str:
    return f": {subscription.reason.rstrip('. ')}" if subscription.reason else ""


def _invoice(one: Invoice) -> Moment:
    name = f"{one.series}{one.number}" if one.number else "without a number yet"
    detail = f"{one.state}; {one.collected_minor} of {one.due_minor} minor units of {one.currency} collected"
    detail += f"; {one.reason}" if one.reason else ""
    title = f"invoice {name} of period {one.period_no}"
    return Moment(ids.made_at(one.pk), "invoice", title, detail, {"invoice": str(one.pk)})


def _event(one: Event) -> Moment:
    detail = facts(one.payload, "reason", "code", "why", "skipped", "not_billed")
    return Moment(one.created_at, "event", one.type, detail, {"event": str(one.pk)})
