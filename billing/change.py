"""One locked change of a subscription, told with its new version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from billing import fields, moment, states
from billing.models import Invoice, Subscription
from billing.moment import Moment
from engine.audit.act import act, note
from engine.core.actor import SYSTEM, Actor
from engine.core.metadata import merge_metadata
from engine.outbox import emit

# What the audit keeps of a subscription, before and after.
KEPT = (
    "state", "version", "next_due_at", "period_no", "method_id", "auto_pay", "held_code", "held_reason", "reason",
)  # fmt: skip


def locked(subscription_id: UUID) -> Subscription:
    """The subscription, locked until the end of the caller's transaction. Raises Refusal if unknown."""
    return fields.locked(Subscription, subscription_id, param="subscription")


def locked_debts(*subscription_ids: UUID) -> list[Invoice]:
    """Their open invoices, locked in id order: before the subscriptions, as everywhere."""
    owed = Invoice.objects.filter(subscription_id__in=subscription_ids, state="open").order_by("pk")
    return list(owed.select_for_update())


def move(subscription: Subscription, new: str) -> None:
    """Set a new state if it is another one and the table allows it. Writes nothing yet."""
    if subscription.state != new:
        states.SUBSCRIPTION.check(subscription.state, new)
        subscription.state = new


def save(subscription: Subscription, event: str, at: Moment, **facts: Any) -> None:
    """Write the locked subscription under its next version, and the event. Writes in the caller's transaction."""
    subscription.version += 1
    subscription.save()
    payload = {"subscription_id": subscription.pk, "customer_id": subscription.customer_id,
               "creator_id": subscription.creator_id, "plan_id": subscription.plan_id,
               "state": subscription.state, "next_due_at": subscription.next_due_at, **facts}  # fmt: skip
    emit.emit(
        [emit.NewEvent(event, "subscription", subscription.pk, subscription.version, subscription.clock_id,
                       at.business, moment.correlation(), payload)],
        machine_at=at.machine,
    )  # fmt: skip


def describe(
    subscription_id: UUID,
    *,
    service_name: str | None = None,
    metadata: Mapping[str, str] | None = None,
    by: Actor = SYSTEM,
) -> Subscription:
    """Change what callers say of it; metadata by name, an empty text takes its name away. Writes.

    Raises Refusal naming the field, with nothing written.
    """
    kept = ("service_name", "metadata")
    with act(by, "describe", Subscription, subscription_id, fields=kept, reasoned=False, lock=True):
        subscription = locked(subscription_id)
        if service_name is not None:
            subscription.service_name = fields.optional_text(service_name, param="service_name", longest=200)
        subscription.metadata = merge_metadata(subscription.metadata, metadata)
        save(subscription, "subscription.described", moment.read(subscription.clock_id))
    return subscription


def picture(subscription: Subscription) -> dict[str, Any]:
    """What the audit keeps of it, as it is now in memory."""
    return {name: getattr(subscription, name) for name in KEPT}


def record(by: Actor, verb: str, subscription: Subscription, before: dict[str, Any], *, reason: str) -> None:
    """Write the audit's entry of a change that was saved. Writes in the caller's transaction."""
    note(by, verb, Subscription, subscription.pk, reason=reason, before=before, after=picture(subscription))
