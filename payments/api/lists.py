"""Which rows a list shows. Every filter stands on an index; tests/payments_api/test_indexes.py holds them to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from rest_framework import serializers

from engine.core.errors import Refusal
from engine.providers import registry
from engine.providers.base import Outcome
from engine.rest import ids
from engine.rest.metadata import MetadataQuery, having
from engine.rest.pages import Attached, Expandable, Expansion, PageQuery, picked
from engine.rest.plain import plain
from engine.rest.shapes import IdField
from payments import states, story
from payments.api.shapes import AttemptShape, PaymentMethodShape, PaymentShape
from payments.charge import queue_of
from payments.models import Attempt, Case, Evidence, Payment, PaymentMethod

_TRUE = ("true",)
_OWED = ("subscription", "customer")  # who owes is known on the floor above
_FEW = ("source", "parked", "unknown", *_OWED)  # what others may narrow
_WITH = "With " + ", ".join(f"`{name}`" for name in _FEW) + " or a state but succeeded"
# The kind of what these owe, and a query of its ids.
SourcesOf = Callable[..., tuple[str, QuerySet[Any, UUID]]]


class PaymentQuery(PageQuery):
    """Filters of payments."""

    source = serializers.CharField(  # type: ignore[assignment]
        required=False, max_length=60, help_text="What they are for: `inv_…`"
    )
    subscription = IdField("subscription", required=False, help_text="For its invoices")
    customer = IdField("customer", required=False, help_text="For their invoices")
    state = serializers.ChoiceField(required=False, choices=Payment.State.values)
    parked = serializers.ChoiceField(required=False, choices=_TRUE, help_text="Those that wait for a person")
    unknown = serializers.ChoiceField(
        required=False, choices=_TRUE, help_text="Those whose outcome nobody knows yet"
    )
    provider = serializers.CharField(required=False, max_length=40, help_text=_WITH)
    currency = serializers.CharField(required=False, max_length=10, help_text=_WITH)
    payment_method = IdField(
        "payment_method", required=False,
        help_text="With `source`, `subscription`, `customer`, or state scheduled or in_flight",
    )  # fmt: skip


class MethodQuery(MetadataQuery):
    """Filters of payment methods."""

    customer = IdField("customer", required=False)


class CaseQuery(PageQuery):
    """Filters of cases."""

    state = serializers.ChoiceField(required=False, default="open", choices=("open", "closed", "all"))
    payment = IdField("payment", required=False)


def payments(asked: Mapping[str, Any], sources_of: SourcesOf) -> QuerySet[Payment]:
    """Payments. Raises Refusal for a filter that no index narrows."""
    found = _payments(asked)
    owed = {name: asked[name] for name in _OWED if name in asked}
    if not owed:
        return found
    kind, source_ids = sources_of(**owed)
    return picked(found.filter(source_kind=kind, source_id__in=source_ids), asked)


def _payments(asked: Mapping[str, Any]) -> QuerySet[Payment]:
    found = Payment.objects.all()
    if "source" in asked:
        kind, source_id = _source(asked["source"])
        found = found.filter(source_kind=kind, source_id=source_id)
    if "state" in asked:
        found = found.filter(state=asked["state"])
    if "parked" in asked:
        found = found.filter(parked_at__isnull=False)
    if "unknown" in asked:
        unknown = Attempt.objects.filter(state=Attempt.State.UNKNOWN)
        found = found.filter(state=Payment.State.IN_FLIGHT, pk__in=unknown.values("payment_id"))
    for name in ("provider", "currency"):
        if name in asked:
            _narrow(asked, name, _FEW, _unpaid(asked))
            found = found.filter(**{name: asked[name]})
    if "payment_method" in asked:
        few = ("source", *_OWED)
        _narrow(asked, "payment_method", few, asked.get("state") in states.OPEN_PAYMENT)
        found = found.filter(method_id=asked["payment_method"])
        if not asked.keys() & set(few):
            found = found.filter(**_queue(asked["payment_method"]))
    return found


def methods(asked: Mapping[str, Any]) -> QuerySet[PaymentMethod]:
    """Payment methods."""
    of = {"customer_id": asked["customer"]} if "customer" in asked else {}
    return having(PaymentMethod.objects.filter(**of), asked)


def cases(asked: Mapping[str, Any]) -> QuerySet[Case]:
    """Cases, the open ones if not asked otherwise."""
    found = Case.objects.filter(payment_id=asked["payment"]) if "payment" in asked else Case.objects.all()
    if asked["state"] == "all":
        return found
    return found.filter(closed_at__isnull=asked["state"] == "open")


def attempts_of(payments: Sequence[Payment]) -> Mapping[UUID, Any]:
    """The attempts of each payment, oldest first."""
    found: dict[UUID, list[dict[str, Any]]] = {payment.pk: [] for payment in payments}
    for attempt in attempts().filter(payment_id__in=list(found)).order_by("payment_id", "seq"):
        found[attempt.payment_id].append(plain(attempt, AttemptShape))
    return found


def attempts() -> QuerySet[Attempt]:
    """Attempts without what was signed."""
    return Attempt.objects.defer("envelope", "fence")


def sentences_of(payments: Sequence[Payment]) -> Mapping[UUID, Any]:
    """Where each payment stands; up to two queries a payment."""
    return {payment.pk: story.sentence(payment) for payment in payments}


def actions_of(payments: Sequence[Payment]) -> Mapping[UUID, Any]:
    """What the payer of each is to do, as its provider last said it."""
    waiting = [payment.pk for payment in payments if payment.waiting == "payer"]
    if not waiting:
        return {}
    open_ones = Attempt.objects.filter(payment_id__in=waiting, state__in=states.UNRESOLVED_ATTEMPT)
    said = Evidence.objects.filter(attempt_id__in=open_ones.values("pk"), outcome=Outcome.PENDING)
    # A later one may say no more than that it still waits.
    newest = said.filter(detail__has_key="action").order_by("attempt_id", "-pk").distinct("attempt_id")
    return {each.payment_id: _action(each.detail.get("action")) for each in newest}


def _action(told: Any) -> dict[str, Any] | None:
    """With all its fields, whatever the provider's adapter left out."""
    return (
        {name: told.get(name) for name in ("type", "url", "expires_at")} if isinstance(told, dict) else None
    )


_METHOD = Expansion("payment_methods", "method_id", PaymentMethod, PaymentMethodShape)
OF_LIST: Expandable = {
    "payment_method": _METHOD, "attempts": Attached(attempts_of, []), "action": Attached(actions_of, None),
}  # fmt: skip
OF_PAYMENT: Expandable = {**OF_LIST, "sentence": Attached(sentences_of, "")}
OF_CASE: Expandable = {"payment": Expansion("payments", "payment_id", Payment, PaymentShape)}
WHOLE = "attempts,sentence,action"  # what a single payment shows without being asked


def _queue(method_id: UUID) -> dict[str, UUID]:
    """The queue of the method's payments, which is what an index finds them by. Where nothing is pulled none queues."""
    one = PaymentMethod.objects.filter(pk=method_id).first()
    if one is None or not _pulls(one.provider):
        return {}
    return {"queue_key": queue_of(one.provider, one.details, one.pk)}


def _pulls(provider: str) -> bool:
    return provider not in registry.names() or registry.get(provider).sheet.pulls


def _source(text: str) -> tuple[str, UUID]:
    for kind in settings.SOURCES:
        if kind in ids.PREFIXES and text.startswith(f"{ids.PREFIXES[kind]}_"):
            found = ids.read(kind, text)
            if found is not None:
                return kind, found
    known = ", ".join(f"{ids.PREFIXES[kind]}_…" for kind in settings.SOURCES if kind in ids.PREFIXES)
    raise Refusal("id_invalid", f"a source is one of: {known}", param="source")


def _unpaid(asked: Mapping[str, Any]) -> bool:
    return asked.get("state", Payment.State.SUCCEEDED) != Payment.State.SUCCEEDED


def _narrow(asked: Mapping[str, Any], name: str, others: Sequence[str], narrow: bool) -> None:
    if not narrow and not asked.keys() & set(others):
        raise Refusal("filter_too_wide", f"{name} narrows what another filter found: name a state of the few, or "
                      + " or ".join(others), param=name)  # fmt: skip
