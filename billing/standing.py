"""What a creator sells and got: from the ledger's balances and bounded counts, never from a scan (row 0.33)."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple
from uuid import UUID

from billing.models import Plan, Subscription
from engine.ledger import balances
from engine.ledger.chart import Kind
from engine.ledger.models import Account

MOST = 10_000


class Got(NamedTuple):
    """Minor units of one currency: what payers sent the creator in one step, and what we hold for them."""

    currency: str
    sent_minor: int
    held_minor: int


class Standing(NamedTuple):
    """Plans on sale and live subscriptions, each counted up to MOST; what was got, by currency."""

    plans: int
    subscriptions: int
    got: list[Got]


def of_creator(creator_id: UUID) -> Standing:
    """The creator's standing now, open ledger deltas included. Reads."""
    sold = Plan.objects.filter(creator_id=creator_id, active=True).order_by("pk")
    plans = list(sold.values_list("pk", flat=True)[:MOST])
    live = Subscription.objects.filter(plan_id__in=plans).exclude(state__in=("canceled", "expired"))
    return Standing(len(plans), live.values("pk")[:MOST].count(), _got(creator_id))


def _got(creator_id: UUID) -> list[Got]:
    kinds = {Kind.SETTLED_DIRECT.value: 1, Kind.PAYABLE.value: -1}  # a debit balance, a credit balance
    owned = list(Account.objects.filter(kind__in=kinds, owner_id=creator_id))
    stand = balances.balances(account.pk for account in owned)
    sums: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(kinds, 0))
    for account in owned:
        sums[account.currency][account.kind] += kinds[account.kind] * stand.get(account.pk, 0)
    return [
        Got(currency, by_kind[Kind.SETTLED_DIRECT], by_kind[Kind.PAYABLE])
        for currency, by_kind in sorted(sums.items())
    ]
