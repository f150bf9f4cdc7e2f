"""Which rows a list shows. Every filter stands on an index; tests/billing_api/test_indexes.py holds them to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Model, OuterRef, Q, QuerySet
from rest_framework import serializers

from billing import hold
from billing.api import rows
from billing.models import Creator, Customer, Invoice, Plan, Subscription
from engine.core.errors import Refusal
from engine.core.money import MAX_MINOR
from engine.rest import pages
from engine.rest.metadata import MetadataQuery, having
from engine.rest.pages import PageQuery
from engine.rest.shapes import IdField

M = TypeVar("M", bound=Model)
_ENDED = ("canceled", "expired")
_NUMBER = re.compile(r"((?:INV|CLK\d{1,18})-)(\d{1,19})", re.ASCII)


class CustomerQuery(MetadataQuery):
    """Filters of customers."""

    email = serializers.CharField(required=False, max_length=254)
    wallet = serializers.CharField(required=False, max_length=64)


class CreatorQuery(MetadataQuery):
    """Filters of creators."""

    wallet = serializers.CharField(required=False, max_length=64)


class PlanQuery(MetadataQuery):
    """Filters of plans."""

    creator = IdField("creator", required=False)
    number = serializers.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    active = serializers.ChoiceField(required=False, choices=("true", "false"))


class SubscriptionQuery(MetadataQuery):
    """Filters of subscriptions."""

    customer = IdField("customer", required=False)
    creator = IdField("creator", required=False)
    plan = IdField("plan", required=False)
    state = serializers.ChoiceField(required=False, choices=Subscription.State.values)
    held = serializers.ChoiceField(
        required=False, choices=("true",), help_text="Those that wait for a person"
    )
    customer_wallet = serializers.CharField(required=False, max_length=64)
    creator_wallet = serializers.CharField(required=False, max_length=64)
    plan_number = serializers.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, help_text="With `creator` or `creator_wallet`"
    )


class InvoiceQuery(PageQuery):
    """Filters of invoices."""

    subscription = IdField("subscription", required=False)
    customer = IdField("customer", required=False)
    state = serializers.ChoiceField(required=False, choices=Invoice.State.values)
    creator = IdField("creator", required=False, help_text="With `customer`, `subscription` or `number`")
    currency = serializers.CharField(
        required=False, max_length=10, help_text="With `customer`, `subscription` or `number`"
    )
    number = serializers.CharField(required=False, max_length=40, help_text="Such as INV-17")


def parties(model: type[M], asked: Mapping[str, Any]) -> QuerySet[M]:
    """Customers or creators."""
    return having(model._default_manager.filter(**_given(asked, "email", "wallet")), asked)


def plans(asked: Mapping[str, Any]) -> QuerySet[Plan]:
    """Plans."""
    found = Plan.objects.filter(**_given(asked, "creator", "number"))
    if "active" in asked:
        found = found.filter(active=asked["active"] == "true")
    return rows.plans(having(found, asked))


def subscriptions(asked: Mapping[str, Any]) -> QuerySet[Subscription]:
    """Subscriptions. Raises Refusal for a `plan_number` of nobody."""
    return rows.subscriptions(having(_subscriptions(asked), asked))


def _subscriptions(asked: Mapping[str, Any]) -> QuerySet[Subscription]:
    found = Subscription.objects.filter(**_given(asked, "state"))
    if "held" in asked:
        found = found.filter(hold.WAITS)
    customers, creators = _ids(Customer, "customer", asked), _ids(Creator, "creator", asked)
    plans = _plan_ids(creators, asked)
    if plans is not None:
        found = found.filter(plan_id__in=plans)
    if customers is not None:
        found = found.filter(_of_customers(customers))
    if creators is not None:
        alone = customers is None and plans is None and not {"held", "metadata"} & asked.keys()
        # The few that are not active stand in an index of their own.
        if alone and asked.get("state", "active") == "active":
            return found.filter(pk__in=_of_creators(creators, asked))
        found = found.filter(creator_id__in=creators)
        if "metadata" in asked:  # where it is common, by their plans' index
            theirs = Plan.objects.filter(creator_id__in=creators).values_list("pk", flat=True)
            few = list(theirs[: pages.FEW + 1])
            found = found.filter(plan_id__in=few) if len(few) <= pages.FEW else found
    return found


def invoices(asked: Mapping[str, Any]) -> QuerySet[Invoice]:
    """Invoices. Raises Refusal for a number that can't be one, and for a creator or a currency alone."""
    for name in ("creator", "currency"):
        if name in asked and not {"customer", "subscription", "number"} & asked.keys():
            raise Refusal("filter_too_wide", f"{name} narrows the invoices of a customer or a subscription; name one",
                          param=name)  # fmt: skip
    found = Invoice.objects.filter(**_given(asked, "subscription", "state", "currency"))
    found = found.filter(**{f"{name}_id": asked[name] for name in ("customer", "creator") if name in asked})
    if "number" in asked:
        read = _NUMBER.fullmatch(asked["number"])
        if read is None or int(read[2]) > MAX_MINOR:
            raise Refusal("number_invalid", "a number is such as INV-17", param="number")
        found = found.filter(series=read[1], number=int(read[2]))
    return found


def _given(asked: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: asked[name] for name in names if name in asked}


def _ids(model: type[Model], name: str, asked: Mapping[str, Any]) -> list[UUID] | None:
    """The ids that are asked for, by id, by wallet, or by both. None where by neither."""
    wallet = asked.get(f"{name}_wallet")
    if wallet is None:
        return [asked[name]] if name in asked else None
    by_id = {"pk": asked[name]} if name in asked else {}
    return list(model._default_manager.filter(wallet=wallet, **by_id).values_list("pk", flat=True))


def _plan_ids(creators: list[UUID] | None, asked: Mapping[str, Any]) -> list[UUID] | None:
    number = asked.get("plan_number")
    if number is None:
        return [asked["plan"]] if "plan" in asked else None
    if creators is None:
        raise Refusal("filter_too_wide", "a plan_number is its creator's: add creator or creator_wallet",
                      param="plan_number")  # fmt: skip
    by_id = {"pk": asked["plan"]} if "plan" in asked else {}
    found = Plan.objects.filter(creator_id__in=creators, number=number, **by_id)
    return list(found.values_list("pk", flat=True))


def _of_customers(customers: list[UUID]) -> Q:
    """Live ones and ended ones each have their index: no single one has to be written for both."""
    ended, of = Q(state__in=_ENDED), Q(customer_id__in=customers)
    return (ended & of) | (~ended & of)


def _of_creators(creators: list[UUID], asked: Mapping[str, Any]) -> list[UUID]:
    """The page's ids: as many of each plan of theirs as the page could show, and of these the first."""
    wanted = {"state": asked["state"]} if "state" in asked else {}
    each = pages.sliced(Subscription.objects.filter(plan_id=OuterRef("pk"), **wanted).values("pk"), asked)
    found = Plan.objects.filter(creator_id__in=creators).values_list(ArraySubquery(each), flat=True)
    together: Iterable[UUID] = chain.from_iterable(found)
    return sorted(together, reverse=asked["ordering"] == "-created")[: asked["limit"] + 1]
