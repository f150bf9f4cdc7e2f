"""One payment method takes over from another: whatever was collected from the old one is collected from the new."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from billing import again, moment, states, stop
from billing.models import Invoice, Subscription
from billing.moment import Moment
from engine.audit.act import note
from engine.core.actor import SYSTEM, Actor, Role
from engine.core.errors import Refusal
from payments import cancel, methods
from payments.models import PaymentMethod


class Replaced(NamedTuple):
    """The subscriptions that are collected from the new method now, and the invoices in flight from the old one."""

    subscriptions: list[UUID]
    in_flight: list[UUID]


def replace_method(
    method_id: UUID, *, replacement_id: UUID, reason: str = "", by: Actor = SYSTEM
) -> Replaced:
    """Let `replacement_id` take over all that `method_id` is used for, and remove that one. Writes, all or nothing.

    Subscriptions, what is open of them and not in flight, and whether it is the customer's default. What is in flight
    stays; if it proves not to have left, it is asked for again from the new one. Raises Refusal for a method that is
    not there or was removed, and for a replacement that is not the customer's, not active, or can't collect one of
    these subscriptions.
    """
    by.must_be(Role.OPERATOR, "replace_method")
    with transaction.atomic():
        old = _replaceable(method_id, replacement_id)
        cancel.lock_of_method(
            method_id
        )  # payments first, as everywhere: all that removing locks is locked by then
        found = _change(_users_of(old), replacement_id, reason, by)
        if old.is_default:
            methods.make_default(replacement_id, reason=reason, by=by)
        methods.remove(method_id, reason=reason, by=by)
        # Whoever subscribed with it meanwhile held its row until now.
        if _users_of(old):
            raise Refusal(
                "method_in_use",
                "it is being subscribed with at this moment; try again",
                param="payment_method",
            )
        after = {"replacement": replacement_id, "subscriptions": found.subscriptions}
        note(by, "replace_method", PaymentMethod, method_id, reason=reason, after=after)
    return found


def _replaceable(method_id: UUID, replacement_id: UUID) -> PaymentMethod:
    old = PaymentMethod.objects.filter(pk=method_id).first()
    if old is None:
        raise Refusal("payment_method_unknown", "there is no such payment method", param="payment_method")
    if old.state == PaymentMethod.State.REMOVED:
        raise Refusal("payment_method_removed", "this payment method was removed", param="payment_method")
    active = {"customer_id": old.customer_id, "state": PaymentMethod.State.ACTIVE}
    if method_id == replacement_id or not PaymentMethod.objects.filter(pk=replacement_id, **active).exists():
        raise Refusal("replacement_not_active", "this customer has no other active payment method of that id",
                      param="method")  # fmt: skip
    return old


def _users_of(method: PaymentMethod) -> list[UUID]:
    """Who is collected from it: also who has run out and still owes. Index: that of the customer."""
    found = Subscription.objects.filter(customer_id=method.customer_id, method_id=method.pk)
    owed = Invoice.objects.filter(subscription=OuterRef("pk"), state__in=("draft", "open"))
    return list(found.filter(~Q(state__in=("canceled", "expired")) | Q(Exists(owed), state="expired"))
                .values_list("pk", flat=True))  # fmt: skip


def _change(subscription_ids: list[UUID], replacement_id: UUID, reason: str, by: Actor) -> Replaced:
    if not subscription_ids:
        return Replaced([], [])
    told = stop.Told(by, "change_method", *stop.METHOD_CHANGED, reason)

    def write(subscription: Subscription, at: Moment) -> None:
        stop.write_method(subscription, replacement_id, at)

    changed = stop.call_back(subscription_ids, told, write)
    for subscription in changed.subscriptions:
        if subscription.state in states.ASKED:
            again.collect_again(subscription.pk, machine_at=moment.read(subscription.clock_id).machine)
    return Replaced([each.pk for each in changed.subscriptions], changed.in_flight)
