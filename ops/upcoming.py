"""What a subscriber will be asked for next (row 0.30)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from billing.models import Subscription

MOST = 100


class Upcoming(NamedTuple):
    """A subscription's next payment. `due_at` is business time; amounts in minor units."""

    subscription_id: UUID
    subscriber: str
    creator: str
    plan_number: int
    plan_name: str
    amount_minor: int
    currency: str
    due_at: datetime
    auto_pay: bool


def of_wallet(wallet: str) -> list[Upcoming]:
    """The next payment of each subscription of that wallet, soonest first, at most 100. Reads."""
    if not wallet:
        return []
    found = Subscription.objects.filter(customer__wallet=wallet, next_due_at__isnull=False).order_by(
        "next_due_at", "pk"
    )
    rows = found.values_list(
        "pk", "customer__wallet", "creator__wallet", "plan__number", "plan__name", "plan_version__price_minor",
        "plan_version__currency", "next_due_at", "auto_pay",
    )  # fmt: skip
    return [Upcoming(*row) for row in rows[:MOST]]  # type: ignore[arg-type]  # next_due_at is there
