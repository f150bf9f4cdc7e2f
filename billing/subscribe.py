"""Joining a plan: the first period is billed at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from billing import asking, cycle, fields, moment, plans
from billing.models import Customer, Plan, PlanVersion, Subscription
from billing.moment import Moment
from engine.audit.act import note
from engine.core.actor import SYSTEM, Actor, Role
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.core.metadata import check_metadata
from engine.outbox import emit
from engine.providers import registry
from payments import methods
from payments.models import PaymentMethod

_LEEWAY = timedelta(seconds=60)
_FARTHEST = timedelta(days=3660)


def subscribe(
    *,
    customer_id: UUID,
    plan_id: UUID,
    method_id: UUID | None,
    anchor_at: datetime | None = None,
    ends_at: datetime | None = None,
    auto_pay: bool = True,
    service_name: str = "",
    metadata: Mapping[str, Any] | None = None,
    by: Actor = SYSTEM,
) -> Subscription:
    """Subscribe a customer to a plan's current version. Writes; the draft of period 0 comes with it.

    Without a method it is the customer's default that is collected from, if that pays in the plan's currency.
    `anchor_at` (business time of the customer's clock, default now) is when period 0 starts: it may lie
    ahead, never behind. `ends_at`: no period that starts then or later is billed. Raises Refusal naming the
    field, with nothing written.
    """
    by.must_be(Role.OPERATOR, "subscribe")
    title = fields.optional_text(service_name, param="service_name", longest=200)
    with transaction.atomic():
        customer = fields.locked(Customer, customer_id, param="customer")
        at = moment.read(customer.clock_id)
        plan, version = _open_plan(plan_id)
        start = _anchor(anchor_at, ends_at, at)
        method_id = _method(method_id, customer.id, version)
        made = Subscription(
            id=uuid7(), customer=customer, creator_id=plan.creator_id, plan=plan, plan_version=version,
            method_id=method_id, clock_id=customer.clock_id, auto_pay=auto_pay, service_name=title, anchor_at=start,
            zone=customer.zone, next_due_at=start, ends_at=ends_at, created_at=at.business,
            metadata=check_metadata(metadata),
        )  # fmt: skip
        _insert(made)
        _tell(made, at)
        note(by, "subscribe", Subscription, made.id, after=_terms_of(made))
        cycle.claim_one(made.id, at)
    made.refresh_from_db()
    return made


def _method(given: UUID | None, customer_id: UUID, version: PlanVersion) -> UUID | None:
    """What to collect from: the method that was named, or the customer's default, or nothing."""
    found = given or methods.default_of(customer_id, currency=version.currency)
    if found is not None:
        check_method(found, customer_id=customer_id, version=version)
    return found


def check_method(method_id: UUID, *, customer_id: UUID, version: PlanVersion) -> PaymentMethod:
    """The customer's method, active, of the plan's currency, of a provider that collects its price; locked.

    Raises Refusal naming `method`.
    """
    method = fields.locked(PaymentMethod, method_id, param="method")
    if method.customer_id != customer_id:
        raise Refusal("method_unknown", f"this customer has no payment method {method_id}", param="method")
    if method.state != PaymentMethod.State.ACTIVE:
        raise Refusal("method_not_active", f"the payment method is {method.state}; it must be active",
                      param="method")  # fmt: skip
    if method.currency != version.currency:
        raise Refusal("currency_mismatch", f"the payment method pays in {method.currency}, the plan is in "
                      f"{version.currency}", param="method")  # fmt: skip
    sheet = registry.get(method.provider).sheet
    refused = asking.limits(sheet, version.currency, version.price_minor) if version.price_minor else None
    if refused:
        raise Refusal(refused.code, refused.sentence, param="method")
    return method


def _open_plan(plan_id: UUID) -> tuple[Plan, PlanVersion]:
    plan = fields.locked(Plan, plan_id, param="plan", message=f"Plan {plan_id} not found")
    if not plan.active:
        raise Refusal("plan_inactive", "Subscription plan is no longer active", param="plan")
    return plan, plans.current_version(plan)


def _anchor(given: datetime | None, ends_at: datetime | None, at: Moment) -> datetime:
    start = given or at.business
    for param, moment_given in (("anchor_at", start), ("ends_at", ends_at)):
        if moment_given is not None and moment_given.tzinfo is None:
            raise Refusal("moment_without_zone", "moments carry their offset from UTC", param=param)
    if start < at.business - _LEEWAY:
        raise Refusal("anchor_in_past", "the first period can't start before now", param="anchor_at")
    if start > at.business + _FARTHEST:
        raise Refusal("anchor_too_far", "the first period starts within ten years", param="anchor_at")
    if ends_at is not None and ends_at <= start:
        raise Refusal("ends_before_start", "ends_at must lie after the first period's start", param="ends_at")
    return start


def _insert(made: Subscription) -> None:
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        raise Refusal("already_subscribed", "this customer has a live subscription to this plan",
                      param="plan") from None  # fmt: skip


def _terms_of(made: Subscription) -> dict[str, Any]:
    kept = ("customer_id", "plan_id", "plan_version_id", "method_id", "anchor_at", "ends_at", "auto_pay")
    return {name: getattr(made, name) for name in kept}


def _tell(made: Subscription, at: Moment) -> None:
    payload = {"subscription_id": made.id, "customer_id": made.customer_id, "creator_id": made.creator_id,
               "plan_id": made.plan_id, "plan_number": made.plan.number, "state": made.state}  # fmt: skip
    event = emit.NewEvent("subscription.created", "subscription", made.id, made.version, made.clock_id,
                          at.business, moment.correlation(), payload)  # fmt: skip
    emit.emit([event], machine_at=at.machine)
