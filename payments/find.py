"""Payments by whatever names them: an id of anything about them, a signature, or what names their source."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from engine.core.ids import named
from engine.providers import registry
from payments.models import Attempt, Evidence, Payment, PaymentMethod

_MOST = 500


def payments(term: str) -> set[UUID]:
    """Payments named by `term`: an id of theirs, of their source, method, attempt or evidence, a signature or key or
    movement id, or what names their source: wallet, e-mail, invoice number, subscription. Reads by index.
    """
    found = set()
    for kind in settings.SOURCES:
        sourced = Payment.objects.filter(source_kind=kind, source_id__in=_named(kind, term))
        found |= set(sourced.order_by("-pk").values_list("pk", flat=True)[:_MOST])
    key = named(term)
    if key is None:
        signed = Attempt.objects.filter(provider__in=registry.names(), identity=term)
        moved = Evidence.objects.filter(movement_id=term).exclude(movement_id="")
        return found.union(*(rows.values_list("payment_id", flat=True) for rows in (signed, moved)))
    for model in (Attempt, Evidence):
        found |= set(model.objects.filter(pk=key).values_list("payment_id", flat=True))
    return found | _of_method(key) | {key}


def _of_method(key: UUID) -> set[UUID]:
    """Payments from one method: among those of its customer, who has an index."""
    found: set[UUID] = set()
    for customer_id in PaymentMethod.objects.filter(pk=key).values_list("customer_id", flat=True):
        for kind in settings.SOURCES:
            sources = _named(kind, str(customer_id))
            owed = Payment.objects.filter(source_kind=kind, source_id__in=sources, method_id=key)
            found |= set(owed.order_by("-pk").values_list("pk", flat=True)[:_MOST])
    return found


def methods(term: str) -> set[UUID]:
    """Payment methods by their id, or by what names their customer. Reads by index."""
    key = named(term)
    owned = PaymentMethod.objects.filter(customer_id__in=_named("customer", term))
    return {*owned.values_list("pk", flat=True)[:_MOST], *([key] if key else ())}


def _named(kind: str, term: str) -> set[UUID]:
    """Ids of a floor above, by the mapping in settings; an id always names itself."""
    path = settings.FINDERS.get(kind)
    key = named(term)
    return {*(import_string(path)(term) if path else ()), *([key] if key else ())}
