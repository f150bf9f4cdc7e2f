"""What is selected for the shapes, and what `expand` may put in an id's place: one query a name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F, FilteredRelation, Q, QuerySet

from billing.api.shapes import (
    CreatorShape,
    CustomerShape,
    LineShape,
    PlanShape,
    SubscriptionShape,
    show,
)
from billing.models import Creator, Customer, Invoice, InvoiceLine, Plan, PlanVersion, Subscription
from engine.rest.pages import Attached, Expandable, Expansion
from engine.rest.plain import plain
from payments.api.shapes import PaymentMethodShape
from payments.models import Payment, PaymentMethod

_TERMS = ("price_minor", "currency", "interval_unit", "interval_count")


def plans(found: QuerySet[Plan] | None = None) -> QuerySet[Plan]:
    """Plans, or those that were found, with the terms that new subscribers get."""
    current = FilteredRelation("versions", condition=Q(versions__no=F("version_no")))
    return (Plan.objects.all() if found is None else found).annotate(
        current=current, **{name: F(f"current__{name}") for name in _TERMS}
    )


def subscriptions(found: QuerySet[Subscription] | None = None) -> QuerySet[Subscription]:
    """Subscriptions, or those that were found, with their terms."""
    terms = {name: F(f"plan_version__{name}") for name in _TERMS}
    found = Subscription.objects.all() if found is None else found
    return found.annotate(terms_no=F("plan_version__no"), **terms)


def versions(plan_id: UUID) -> QuerySet[PlanVersion]:
    """All terms that a plan ever had."""
    return PlanVersion.objects.filter(plan_id=plan_id)


def lines_of(invoices: Sequence[Invoice]) -> Mapping[UUID, Any]:
    """The lines of each invoice, in order."""
    found: defaultdict[UUID, list[dict[str, Any]]] = defaultdict(list)
    currencies = {invoice.pk: invoice.currency for invoice in invoices}
    for line in InvoiceLine.objects.filter(invoice_id__in=currencies).order_by("invoice_id", "no"):
        line.currency = currencies[line.invoice_id]  # type: ignore[attr-defined]
        found[line.invoice_id].append(plain(line, LineShape))
    return found


def payments_of(invoices: Sequence[Invoice]) -> Mapping[UUID, Any]:
    """The ids of each invoice's payments, oldest first."""
    found: defaultdict[UUID, list[str]] = defaultdict(list)
    wanted = [invoice.pk for invoice in invoices]
    made = Payment.objects.filter(source_kind="invoice", source_id__in=wanted).order_by("source_id", "no")
    for invoice_id, payment_id in made.values_list("source_id", "pk"):
        found[invoice_id] += show("payment", [payment_id])
    return found


_CUSTOMER = Expansion("customers", "customer_id", Customer, CustomerShape)
_CREATOR = Expansion("creators", "creator_id", Creator, CreatorShape)
OF_PLAN: Expandable = {"creator": _CREATOR}
OF_SUBSCRIPTION: Expandable = {
    "customer": _CUSTOMER,
    "creator": _CREATOR,
    "plan": Expansion("plans", "plan_id", Plan, PlanShape, plans, {"creator": _CREATOR}),
    "payment_method": Expansion("payment_methods", "method_id", PaymentMethod, PaymentMethodShape),
}
OF_INVOICE: Expandable = {
    "subscription": Expansion(
        "subscriptions", "subscription_id", Subscription, SubscriptionShape, subscriptions
    ),
    "customer": _CUSTOMER,
    "lines": Attached(lines_of, []),
    "payments": Attached(payments_of, []),
}
