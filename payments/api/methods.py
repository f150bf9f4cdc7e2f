"""Doors to payment methods: made, shown, described. Whatever asks a provider does so before its transaction begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from engine.core.errors import Refusal
from engine.providers import registry
from engine.providers.abilities import ApprovalAsked, Payer
from engine.rest import pages
from engine.rest.errors import Fault
from engine.rest.once import Done
from engine.rest.shapes import major
from engine.rest.views import RestView
from payments import methods
from payments.api import examples, lists
from payments.api.method_shapes import MethodAskedShape, MethodChange, NewMethodBody
from payments.api.shapes import PaymentMethodShape
from payments.models import PaymentMethod

T = TypeVar("T")
_KEPT = ("customer_id", "currency", "provider", "metadata")
_OF_APPROVAL = ("wallet", "add_minor", "commitments_minor")
_OF_SETUP = ("return_url", "phone")


class PaymentMethods(RestView):
    """All payment methods. `payer_of` is given by config/urls.py: who pays is known on the floor above."""

    resource = "payment_methods"
    renamed = {"customer_id": "customer"}
    payer_of: Callable[[UUID], Payer | None] | None = None

    @extend_schema(operation_id="list_payment_methods", parameters=[lists.MethodQuery],
                   responses=pages.listed(PaymentMethodShape), examples=[examples.listed(examples.METHOD)])  # fmt: skip
    def get(self, request: Request) -> Response:
        """Payment methods, newest first; those of a customer, or with some metadata."""
        asked = self.query(lists.MethodQuery)
        return pages.page(request, lists.methods(asked), PaymentMethodShape, asked)

    @extend_schema(operation_id="create_payment_method", request=NewMethodBody, responses={201: MethodAskedShape},
                   examples=[examples.sent(examples.NEW_METHOD, "an approval on Solana"),
                             examples.sent(examples.NEW_CARD, "a card at Stripe"),
                             examples.shown(examples.METHOD_ASKED, 201),
                             examples.shown(examples.CARD_ASKED, 201, "a card's set-up")])  # fmt: skip
    def post(self, request: Request) -> Response:
        """A pending method, and what its payer is to do: sign an approval, or give a card to the gateway's own fields
        or page. Then confirm it.

        What is left of an approval of ours is kept on top of `add_minor`. A gateway's callback makes its method usable
        by itself; confirming does so at once.
        """
        return self.once(NewMethodBody, self._keep, before=self._ask)

    def _ask(self, data: dict[str, Any]) -> ApprovalAsked | methods.Begun:
        approves = data["provider"] in registry.approving_names()
        gateway = None if approves else registry.setting_up(data["provider"])
        _check_fields(data, gateway=gateway is not None)
        assert self.payer_of is not None
        payer = self.payer_of(data["customer_id"])
        if payer is None:
            raise Refusal("customer_unknown", "there is no such customer", param="customer")
        asked = ("provider", "currency", "options", *(_OF_APPROVAL if approves else ()))
        kept: dict[str, Any] = {name: data[name] for name in asked if name in data}
        if approves:
            return away(partial(methods.ask, **kept))
        if self.dry_run:
            raise Refusal("no_dry_run", "a set-up begins at its provider: it can't be tried without being done",
                          param="dry_run")  # fmt: skip
        payer = replace(payer, phone=data.get("phone", ""))
        return away(partial(methods.begin, payer=payer, return_url=data.get("return_url", ""), **kept))

    def _keep(self, data: dict[str, Any], asked: ApprovalAsked | methods.Begun) -> Done:
        kept = {name: data[name] for name in _KEPT if name in data}
        if isinstance(asked, methods.Begun):
            return _begun(methods.keep_setup(asked, by=self.actor, **kept), asked)
        method = methods.keep(asked, by=self.actor, **kept)
        shown = pages.one(method, PaymentMethodShape)
        return Done(shown | {"approval": approval(asked, method.currency)}, shown["id"])


class OfMethod(RestView):
    """An endpoint of one method."""

    resource, object_name = "payment_methods", "payment_method"

    def method(self, text: str) -> PaymentMethod:
        """The method of the URL. Raises Fault (404)."""
        found = PaymentMethod.objects.filter(pk=self.id("payment_method", text)).first()
        there: PaymentMethod = self.there(found, text)
        return there


class MethodView(OfMethod):
    """One method."""

    @extend_schema(operation_id="get_payment_method", parameters=[pages.ExpandQuery], responses=PaymentMethodShape,
                   examples=[examples.shown(examples.METHOD)])  # fmt: skip
    def get(self, request: Request, method_id: str) -> Response:
        """One method, with what the last look at the provider found."""
        asked = self.query(pages.ExpandQuery)
        return Response(pages.one(self.method(method_id), PaymentMethodShape, asked))

    @extend_schema(operation_id="update_payment_method", request=MethodChange, responses=PaymentMethodShape,
                   examples=[examples.sent({"metadata": {"card": "home"}}),
                             examples.shown(examples.METHOD)])  # fmt: skip
    def post(self, request: Request, method_id: str) -> Response:
        """Change a method's metadata. What is not sent stays as it is."""
        pk = self.id("payment_method", method_id)
        return self.once(MethodChange, lambda data: done(methods.describe(pk, by=self.actor, **data)))


def away(ask: Callable[[], T]) -> T:
    """What the provider says; 503 where it does not answer: nothing was written, it may be asked again."""
    try:
        return ask()
    except Refusal as refusal:
        if refusal.code != "provider_unavailable":
            raise
        raise Fault(503, "api_error", refusal.code, refusal.message, param="provider", retry="safe",
                    headers={"Retry-After": "5"}) from None  # fmt: skip


def approval(asked: ApprovalAsked, currency: str) -> dict[str, Any]:
    """An approval as callers see it."""
    return {
        "transaction": asked.transaction, "currency": currency, "amount_minor": asked.amount_minor,
        "amount": major(asked.amount_minor, currency), "kept_minor": asked.kept_minor,
        "kept": major(asked.kept_minor, currency), "replaces": asked.replaces,
        "replaces_foreign": asked.replaces_foreign,
    }  # fmt: skip


def done(method: PaymentMethod) -> Done:
    """A method as it is now, answered with 200."""
    shown = pages.one(method, PaymentMethodShape)
    return Done(shown, shown["id"], 200)


def _begun(method: PaymentMethod, begun: methods.Begun) -> Done:
    """The secret for the gateway's fields is in the first answer alone: it is kept nowhere."""
    shown = pages.one(method, PaymentMethodShape) | {"approval": None}
    if public := registry.public_key(method.provider):
        shown["setup"]["public_key"] = public
    key = begun.asked.client_secret
    secret = {"setup": {**shown["setup"], "client_secret": key}} if key else None
    return Done(shown, shown["id"], secret=secret)


def _check_fields(data: dict[str, Any], *, gateway: bool) -> None:
    """Raises ValidationError naming each field that the provider's kind of method does not take, or needs."""
    strange = [name for name in (_OF_APPROVAL if gateway else _OF_SETUP) if name in data]
    if strange:
        why = "a gateway takes no such field" if gateway else "an approval takes no such field"
        raise ValidationError({name: [why] for name in strange}, code="field_unknown")
    missing = [] if gateway else [name for name in ("wallet", "add_minor") if name not in data]
    if missing:
        raise ValidationError({name: ["is needed with an approval"] for name in missing}, code="required")
