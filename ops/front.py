"""The first page: four numbers, each a link to its rows, and one sentence. Bounded reads, each by a small index."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from billing import find, hold
from billing.models import Invoice, Subscription
from engine.core.actor import Role
from engine.core.errors import Refusal
from engine.core.readonly import actor
from ops import figures, gone, scheduler, waits
from payments.models import Attempt, Case, KillSwitch, Payment, ProviderSwitch

MOST = 1000  # nobody acts on the exact number of more


class Number(NamedTuple):
    """One number: how many (at most MOST, then "1000+"), what of, its list, and whether it calls for somebody."""

    shown: str
    title: str
    link: str
    calls: bool


def front(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's hook for the index page: what a role sees of the state of things. Reads."""
    if actor(request).role >= Role.VIEWER:
        found, troubles = numbers(), stopped()
        context |= {"numbers": found, "troubles": troubles, "well": _well(found, troubles)}
    return context


def numbers() -> list[Number]:
    """Unknown, parked, failed today, due in 24 hours."""
    payments, attempts = reverse("admin:payments_payment_changelist"), Attempt.objects.filter(state="unknown")
    parked = Payment.objects.filter(parked_at__isnull=False)
    failed = Payment.objects.filter(state="failed", ended_at__gte=figures.start_of_today())
    due = Subscription.objects.filter(find.due_within(24))
    subscriptions = reverse("admin:billing_subscription_changelist")
    return [
        _number(attempts, "outcome unknown", f"{payments}?state=unknown", calls=True),
        _number(parked, "parked, a person decides", f"{payments}?state=parked", calls=True),
        _number(failed, "failed today (UTC)", f"{payments}?state=failed_today", calls=True),
        _number(due, "due in the next 24 hours", f"{subscriptions}?due=24", calls=False),
    ]


def stopped() -> list[str]:
    """What keeps money from moving, one sentence each."""
    found = [f"All sending is stopped: {one.reason}." for one in KillSwitch.objects.filter(sending=False)]
    for one in ProviderSwitch.objects.filter(paused=True).order_by("provider"):
        found.append(f"{one.provider} is paused: {one.reason}.")
    if cases := _count(Case.objects.filter(closed_at=None)):
        found.append(f"Open cases, a person decides: {_shown(cases)}.")
    if held := _count(Subscription.objects.filter(hold.WAITS)):
        found.append(f"Subscriptions held, an approver releases them: {_shown(held)}.")
    if drafts := _count(Invoice.objects.filter(state="draft").exclude(held_reason="")):
        found.append(f"Drafts held, an approver releases them: {_shown(drafts)}.")
    found += [f"Nothing moves: {one.sentence}." for one in gone.read()]
    return found + waits.told(most=MOST) + _scheduler()


def _scheduler() -> list[str]:
    try:
        now = scheduler.status()
    except Refusal as fault:
        return [f"No scheduler: {fault.message}."]
    if not now.enabled:
        return ["The scheduler is switched off: nothing is billed by itself."]
    return [] if now.running else ["Beat has not been heard for a while: nothing is billed by itself."]


def _well(found: list[Number], troubles: list[str]) -> str:
    if troubles or any(one.calls for one in found):
        return ""
    return f"All is well: nothing unknown, nothing parked, nothing failed today; {found[3].shown} due in 24 hours."


def _number(rows: QuerySet[Any], title: str, link: str, *, calls: bool) -> Number:
    count = _count(rows)
    return Number(_shown(count), title, link, calls and count > 0)


def _count(rows: QuerySet[Any]) -> int:
    return len(rows.order_by().values_list("pk", flat=True)[: MOST + 1])


def _shown(count: int) -> str:
    return f"{MOST}+" if count > MOST else str(count)
