"""Bill now: what the cycle would do for one subscription, at somebody's word (rows 0.21 to 0.29)."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from billing import again, change, cycle, finalize, moment, states
from billing.models import Invoice, Plan, Subscription
from engine.audit.act import act
from engine.core import clock
from engine.core.actor import SYSTEM, Actor
from engine.core.errors import Refusal

_NAMED = 10


class Triggered(NamedTuple):
    """The invoices a payment was scheduled for, oldest first, and those that stay open with a reason."""

    scheduled: list[UUID]
    without_payment: list[UUID]


def trigger(subscription_id: UUID, *, reason: str = "", by: Actor = SYSTEM) -> Triggered:
    """Bill the period that is due and ask for whatever is open, once. Writes.

    Of an expired one nothing is billed any more; what it still owes is asked for, also where its plan is off.
    Raises Refusal, with nothing written: not active, plan gone, not due yet, a payment under way, or one for
    which a person decides.
    """
    with act(by, "trigger", Subscription, subscription_id, fields=change.KEPT, reason=reason, reasoned=False):
        subscription = _billable(subscription_id)
        at = moment.read(subscription.clock_id)
        change.locked_debts(subscription_id)
        asked = again.collect_again(subscription_id, machine_at=at.machine, by_hand=True)
        cycle.claim_one(subscription_id, at)
        # Finalize reads its own machine time: a draft of this transaction must not lie ahead of it.
        drafts = _of(subscription_id, state="draft", next_action_at__isnull=False)
        for draft in drafts:
            finalize.finalize_one(draft, machine_at=clock.machine_now())
        if drafts and not subscription.auto_pay:
            again.collect_again(subscription_id, machine_at=at.machine, by_hand=True)
        if not asked and not drafts:
            raise _refusal(subscription_id)
        touched = [*asked, *drafts]
        paying = set(_of(subscription_id, pk__in=touched, collecting_minor__gt=0))
    return Triggered([i for i in touched if i in paying], [i for i in touched if i not in paying])


def find(*, customer: str, creator: str, plan_number: int) -> Subscription:
    """The live subscription that a source names by (subscriber, creator, planId), by wallets (row 0.70).

    Reads. Raises Refusal where there is no such plan or subscription, or more than one: creators may share a wallet,
    and so may customers.
    """
    named = Plan.objects.filter(creator__wallet=creator, number=plan_number).exclude(creator__wallet="")
    live = Subscription.objects.exclude(state__in=("canceled", "expired"))
    found = list(live.filter(plan__in=named, customer__wallet=customer).order_by("pk")[:_NAMED])
    if len(found) > 1:
        which = ", ".join(str(each.pk) for each in found)
        raise Refusal("ambiguous", f"More than one subscription is meant: trigger one by its id, of {which}")
    if found:
        return found[0]
    if not named.exists():
        raise Refusal("plan_unknown", f"Plan {plan_number} not found", param="plan")
    raise Refusal("subscription_unknown", "Subscription is not active", param="subscriber")


def _billable(subscription_id: UUID) -> Subscription:
    found = Subscription.objects.select_related("plan").filter(pk=subscription_id).first()
    if found is None:
        raise Refusal(
            "subscription_unknown", f"there is no subscription {subscription_id}", param="subscription"
        )
    if found.state not in states.ASKED:
        raise Refusal("not_active", "Subscription is not active", param="subscription")
    if not found.plan.active and found.state in states.BILLED:
        raise Refusal("plan_inactive", "Subscription plan is no longer active", param="plan")
    if found.held_code:
        raise Refusal("held", found.held_reason, param="subscription")
    return found


def _refusal(subscription_id: UUID) -> Refusal:
    now = Subscription.objects.get(pk=subscription_id)
    if now.state not in states.ASKED:  # stopped meanwhile
        return Refusal("not_active", "Subscription is not active", param="subscription")
    if now.held_code:
        return Refusal("held", now.held_reason, param="subscription")
    why = next(iter(again.in_question(_of(subscription_id, state="open")).values()), None)
    if why is not None:
        return Refusal(why.code, why.sentence, param="subscription")
    if _of(subscription_id, state="open", collecting_minor__gt=0):
        return Refusal(
            "payment_under_way", "A payment for this period is already under way", param="subscription"
        )
    owed = Invoice.objects.filter(subscription_id=subscription_id, state="open").order_by("period_no").first()
    if owed is not None:
        return Refusal(owed.reason_code or "open", owed.reason or "The invoice can't be collected now",
                       param="subscription")  # fmt: skip
    if now.state not in states.BILLED:  # expired, and nothing of it is owed
        return Refusal("not_active", "Subscription is not active", param="subscription")
    return Refusal("not_due_yet", "Payment is not due yet", param="subscription")


def _of(subscription_id: UUID, **which: object) -> list[UUID]:
    found = Invoice.objects.filter(subscription_id=subscription_id, **which).order_by("period_no")
    return list(found.values_list("pk", flat=True))
