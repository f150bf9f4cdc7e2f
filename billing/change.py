"""One locked change of a subscription, told with its new version."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from billing import fields, moment, states
from billing.models import Subscription
from billing.moment import Moment
from engine.outbox import emit


def locked(subscription_id: UUID) -> Subscription:
    """The subscription, locked until the end of the caller's transaction. Raises Refusal if unknown."""
    return fields.locked(Subscription, subscription_id, param="subscription")


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
