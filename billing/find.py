"""Whatever a person may type to name somebody or something: an id, a wallet, an e-mail, an invoice's number.

All of it by index. The newest are found: who has more than a page of them narrows down by day.
"""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import chain
from uuid import UUID

from django.db.models import Q

from billing.models import Creator, Customer, Invoice, Plan, Subscription
from engine.core import clock
from engine.core.ids import named

_MOST = 500
_NUMBER = re.compile(r"^(?P<series>.*?)(?P<number>\d{1,18})$")


def customers(term: str) -> set[UUID]:
    """Customers by id, wallet or e-mail. Reads."""
    key = named(term)
    if key is not None:
        return {key}
    found = Customer.objects.filter(wallet=term).exclude(wallet="").values_list("pk", flat=True)
    by_mail = (
        Customer.objects.filter(email__in={term, term.lower()}).exclude(email="").values_list("pk", flat=True)
    )
    return {*found[:_MOST], *(by_mail[:_MOST] if "@" in term else ())}


def creators(term: str) -> set[UUID]:
    """Creators by id, wallet or a part of the name. Reads; they are few."""
    key = named(term)
    which = Q(pk=key) if key else Q(wallet=term) | Q(name__icontains=term)
    return set(Creator.objects.filter(which).values_list("pk", flat=True)[:_MOST])


def plans(term: str) -> set[UUID]:
    """Plans by id, a part of the name, or their creator. Reads; they are few."""
    key = named(term)
    which = Q(creator_id__in=creators(term)) | (Q(pk=key) if key else Q(name__icontains=term))
    return set(Plan.objects.filter(which).values_list("pk", flat=True)[:_MOST])


def subscriptions(term: str) -> set[UUID]:
    """Subscriptions by their id, or by what names their customer or an invoice of theirs. Reads."""
    key = named(term)
    payers = customers(term)
    of_payers = Subscription.objects.filter(customer_id__in=payers)
    ended = ("canceled", "expired")  # one index for each: live ones are unique, ended ones a list
    found = (of_payers.exclude(state__in=ended), of_payers.filter(state__in=ended).order_by("-pk"))
    billed = Invoice.objects.filter(pk__in=invoices(term)).values_list("subscription_id", flat=True)
    owned = (rows.values_list("pk", flat=True)[:_MOST] for rows in found)
    return {*chain(*owned), *billed, *([key] if key else ())}


def invoices(term: str) -> set[UUID]:
    """Invoices by their id or number, or by what names their customer, subscription or creator. Reads."""
    key = named(term)
    owed = Invoice.objects.filter(customer_id__in=customers(term)).order_by("-pk")
    found = set(owed.values_list("pk", flat=True)[:_MOST])
    if key is not None:
        billed = Invoice.objects.filter(subscription_id=key).order_by("-period_no")
        sold = Subscription.objects.filter(plan__in=list(Plan.objects.filter(creator_id=key))).order_by("-pk")
        theirs = Invoice.objects.filter(subscription_id__in=list(sold.values_list("pk", flat=True)[:_MOST]))
        return found.union(
            {key}, *(rows.values_list("pk", flat=True)[:_MOST] for rows in (billed, theirs.order_by("-pk")))
        )
    if numbered := _NUMBER.match(term):
        which = Q(series=numbered["series"], number=int(numbered["number"]))
        found |= set(Invoice.objects.filter(which).values_list("pk", flat=True))
    return found


def due_within(hours: int) -> Q:
    """Subscriptions that beat bills within so many hours: each of its clocks has its own time. Reads clocks."""
    times = clock.business_times(clock.moving_clocks(), clock.machine_now())
    which = Q(pk__in=())
    for clock_id, now in times.items():
        which |= Q(clock_id=clock_id, next_due_at__lte=now + timedelta(hours=hours))
    return which
