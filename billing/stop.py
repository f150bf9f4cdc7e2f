"""Pausing, canceling, changing the method, auto-pay: what was not sent yet is called back first.

Locks go the one way of the house, payments, invoices, subscription. Finalize holds a subscription's row
while it makes its payment, so after the subscription is locked here no payment can be about to appear.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from billing import again, change, collect, cycle, hold, missed, moment, states, subscribe
from billing.models import Invoice, Subscription
from billing.moment import Moment
from engine.core.actor import SYSTEM, Actor, Role
from engine.core.errors import Refusal
from payments import cancel as payment_cancel

_TRIES = 5
METHOD_CHANGED = ("method_changed", "The payment method was changed.")


class Told(NamedTuple):
    """Who does which verb and why; `code` and `sentence` are what the invoices say of it."""

    by: Actor
    verb: str
    code: str
    sentence: str
    reason: str


class Stopped(NamedTuple):
    """The subscription after it, and the invoices whose payment is in flight and could not be stopped."""

    subscription: Subscription
    canceled: list[UUID]
    in_flight: list[UUID]


class CalledBack(NamedTuple):
    """The same for several."""

    subscriptions: list[Subscription]
    canceled: list[UUID]
    in_flight: list[UUID]


def pause(subscription_id: UUID, *, reason: str = "", by: Actor = SYSTEM) -> Stopped:
    """Bill nothing that begins before resume. Scheduled payments are canceled, their invoices stay open; what
    began before is billed and waits. Writes.

    What is in flight can't be stopped and is returned. Raises Refusal if it is not active or past_due, or held:
    what it missed before and what the pause skips could not be told apart afterwards.
    """

    told = Told(by, "pause", *collect.PAUSED, reason)

    def write(subscription: Subscription, at: Moment) -> None:
        if subscription.state not in ("active", "past_due"):
            raise Refusal("not_active", "Subscription is not active", param="subscription")
        left = _halt(subscription, "paused", reason, at)
        if subscription.held_code:
            raise Refusal("subscription_held", "Subscription is held; release it or skip what it missed first",
                          param="subscription")  # fmt: skip
        change.save(subscription, "subscription.paused", at, reason=reason, not_billed=left)

    return _call_back(subscription_id, told, write)


def cancel(subscription_id: UUID, *, reason: str = "", by: Actor = SYSTEM) -> Stopped:
    """End it now. Scheduled payments are canceled; open invoices stay as visible debts, and so does all that began
    before and was not billed yet, also what the catch-up limit held: it is owed and not pulled. Writes.

    What can't be billed at once (bad data, a period that is taken, over `missed.MOST`, held and its plan is off) stays
    held and told: an approver bills or skips it. What began while its plan was off is skipped. What is in flight
    can't be stopped and is returned. Raises Refusal if it has ended already.
    """

    told = Told(by, "cancel", "subscription_canceled", "The subscription was canceled.", reason)

    def write(subscription: Subscription, at: Moment) -> None:
        if not states.SUBSCRIPTION.allows(subscription.state, "canceled"):
            raise Refusal("already_ended", f"Subscription is {subscription.state}", param="subscription")
        limited = subscription.held_code in ("", hold.CATCH_UP)
        if limited and subscription.state in states.BILLED and subscription.plan.active:
            missed.bill(subscription, at.business, at)
        left = _halt(subscription, "canceled", reason, at)
        subscription.ended_at = at.business
        change.save(subscription, "subscription.canceled", at, reason=reason, not_billed=left)

    return _call_back(subscription_id, told, write)


def change_method(subscription_id: UUID, *, method_id: UUID, reason: str = "", by: Actor = SYSTEM) -> Stopped:
    """Collect from another method from now on, also for what is open and not in flight. Writes.

    An expired one can be given another while it owes something. Raises Refusal for a method that is not the
    customer's, not active or of another currency.
    """

    told = Told(by, "change_method", *METHOD_CHANGED, reason)

    def write(subscription: Subscription, at: Moment) -> None:
        write_method(subscription, method_id, at)

    with transaction.atomic():
        stopped = _call_back(subscription_id, told, write)
        if stopped.subscription.state in states.ASKED:
            again.collect_again(
                subscription_id, machine_at=moment.read(stopped.subscription.clock_id).machine
            )
    return stopped


def write_method(subscription: Subscription, method_id: UUID, at: Moment) -> None:
    """The locked subscription is collected from that method. Writes. Raises Refusal as `change_method`."""
    owes = Invoice.objects.filter(subscription=subscription, state__in=("draft", "open"))
    if subscription.state == "canceled" or (subscription.state == "expired" and not owes.exists()):
        raise Refusal("not_active", "Subscription is not active", param="subscription")
    version = subscription.plan_version
    subscribe.check_method(method_id, customer_id=subscription.customer_id, version=version)
    subscription.method_id = method_id
    change.save(subscription, "subscription.method_changed", at, method_id=method_id)


def set_auto_pay(subscription_id: UUID, *, on: bool, reason: str = "", by: Actor = SYSTEM) -> Stopped:
    """Collect by itself or not. Writes.

    Off: scheduled payments are canceled, their invoices stay open until somebody triggers them; what is in
    flight can't be stopped and is returned. On: what is open is asked for again. Raises Refusal if it has
    ended, or has it that way already.
    """

    told = Told(by, "set_auto_pay", "auto_pay_off", "Automatic payment is off; the customer pays by hand.",
                reason)  # fmt: skip

    def write(subscription: Subscription, at: Moment) -> None:
        if subscription.state in ("canceled", "expired"):
            raise Refusal("not_active", "Subscription is not active", param="subscription")
        if subscription.auto_pay == on:
            raise Refusal("auto_pay_same", f"Automatic payment is {'on' if on else 'off'} already",
                          param="subscription")  # fmt: skip
        subscription.auto_pay = on
        change.save(subscription, "subscription.auto_pay_changed", at, auto_pay=on)

    return _ask_again(subscription_id, told, write) if on else _call_back(subscription_id, told, write)


def _halt(subscription: Subscription, new: str, reason: str, at: Moment) -> int | None:
    """Bill what began before the stop, then stop. How many begun periods a hold left unbilled, None for nobody knows.

    Those stand in the event, and held_reason stays on the row: nothing vanishes without a trace (I2).
    """
    while subscription.next_due_at and cycle.claim_one(subscription.pk, at).claimed:
        subscription.refresh_from_db()
    subscription.refresh_from_db()
    left = missed.held_back(subscription, at.business)
    change.move(subscription, new)
    subscription.next_due_at = None
    subscription.reason_code, subscription.reason = new, reason
    return left


def _ask_again(subscription_id: UUID, told: Told, write: Callable[[Subscription, Moment], None]) -> Stopped:
    told.by.must_be(Role.OPERATOR, told.verb)
    with transaction.atomic():
        change.locked_debts(subscription_id)
        subscription = change.locked(subscription_id)
        before, at = change.picture(subscription), moment.read(subscription.clock_id)
        write(subscription, at)
        change.record(told.by, told.verb, subscription, before, reason=told.reason)
        if subscription.state in states.BILLED:
            again.collect_again(subscription_id, machine_at=at.machine)
    return Stopped(subscription, [], [])


def _call_back(subscription_id: UUID, told: Told, write: Callable[[Subscription, Moment], None]) -> Stopped:
    found = call_back([subscription_id], told, write)
    return Stopped(found.subscriptions[0], found.canceled, found.in_flight)


def call_back(
    subscription_ids: Sequence[UUID], told: Told, write: Callable[[Subscription, Moment], None]
) -> CalledBack:
    """Cancel what is scheduled of these subscriptions of one customer, then `write` each, locked. Writes.

    All or nothing. Raises Refusal for one that is not there, what `write` raises, and "busy" where they are being
    billed again and again at this moment.
    """
    told.by.must_be(Role.OPERATOR, told.verb)
    ids = sorted(subscription_ids)
    for _ in range(_TRIES):
        with transaction.atomic():
            asked = _collecting(ids)
            at = _moment_of(ids[0])
            canceled = payment_cancel.call_back(
                "invoice", list(asked), code=told.code, reason=told.sentence, machine_at=at.machine
            )
            change.locked_debts(*ids)
            collect.reservations_off(canceled, reason_code=told.code, reason=told.sentence)
            subscriptions = [change.locked(each) for each in ids]
            left = _collecting(ids)
            if left.items() <= asked.items():
                for subscription in subscriptions:
                    before = change.picture(subscription)
                    write(subscription, at)
                    change.record(told.by, told.verb, subscription, before, reason=told.reason)
                return CalledBack(subscriptions, canceled, list(left))
            # A payment was made between the two looks: undo, and call that one back too.
            transaction.set_rollback(True)
    raise Refusal("busy", "the subscription is being billed at this moment; try again", param="subscription")


def _collecting(subscription_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The invoices of which something is under way, and its number: another payment of one shows as another."""
    found = Invoice.objects.filter(subscription_id__in=subscription_ids, state="open", collecting_minor__gt=0)
    return dict(found.order_by("pk").values_list("pk", "payments_made"))


def _moment_of(subscription_id: UUID) -> Moment:
    clock_id = Subscription.objects.filter(pk=subscription_id).values_list("clock_id", flat=True).first()
    if clock_id is None:
        raise Refusal(
            "subscription_unknown", f"there is no subscription {subscription_id}", param="subscription"
        )
    return moment.read(clock_id)
