"""Doors to payment methods. Whatever asks the chain does so before its transaction begins, never inside one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from engine.core import money
from engine.core.errors import Refusal
from engine.providers.abilities import ApprovalAsked, ApprovalFound
from engine.rest import ids, pages
from engine.rest.errors import Fault
from engine.rest.once import Done
from engine.rest.shapes import IdField, MetadataField, MinorField, Shape, TextField, TruthField, major
from engine.rest.views import RestView
from payments import methods
from payments.api import examples, lists
from payments.api.shapes import ApprovalShape, MethodAskedShape, PaymentMethodShape
from payments.label import label
from payments.models import PaymentMethod

T = TypeVar("T")
_KEPT = ("customer_id", "currency", "provider", "metadata")


class MethodOptions(Shape):
    """What a rail can be told."""

    wrap_lamports = MinorField(required=False, min_value=0, help_text="Native SOL to wrap first; SOL alone")
    strict_once = TruthField(required=False, help_text="Also lock each payment on chain")


class ApprovalBody(Shape):
    """What the approval is to cover."""

    add_minor = MinorField(
        min_value=1, max_value=money.HIGHEST_APPROVAL_MINOR, help_text="What this commitment may pull in all"
    )
    commitments_minor = MinorField(
        required=False, min_value=0, max_value=money.HIGHEST_APPROVAL_MINOR,
        help_text="What others need that no approval stands for any more",
    )  # fmt: skip
    options = MethodOptions(required=False)


class NewMethodBody(ApprovalBody):
    """A new method."""

    customer = IdField("customer", source="customer_id")
    wallet = TextField(max_length=64)
    currency = TextField(max_length=10)
    provider = TextField(required=False, max_length=40, default=methods.DEFAULT)
    metadata = MetadataField(required=False)


class MethodChange(Shape):
    """What is to change; the rest stays."""

    metadata = MetadataField(required=False, help_text="By name; an empty text takes its name away")


class ConfirmBody(Shape):
    """What the approval must cover."""

    needed_minor = MinorField(required=False, default=1, min_value=1, help_text="Such as the first period")


class RemoveBody(Shape):
    """Why."""

    reason = TextField(required=False, max_length=2000, allow_blank=True, help_text="For the audit")


class PaymentMethods(RestView):
    """All payment methods. `is_customer` is given by config/urls.py: who pays is known on the floor above."""

    resource = "payment_methods"
    renamed = {"customer_id": "customer"}
    is_customer: Callable[[UUID], bool] | None = None

    @extend_schema(operation_id="list_payment_methods", parameters=[lists.MethodQuery],
                   responses=pages.listed(PaymentMethodShape), examples=[examples.listed(examples.METHOD)])  # fmt: skip
    def get(self, request: Request) -> Response:
        """Payment methods, newest first; those of a customer, or with some metadata."""
        asked = self.query(lists.MethodQuery)
        return pages.page(request, lists.methods(asked), PaymentMethodShape, asked)

    @extend_schema(operation_id="create_payment_method", request=NewMethodBody, responses={201: MethodAskedShape},
                   examples=[examples.sent(examples.NEW_METHOD),
                             examples.shown(examples.METHOD_ASKED, 201)])  # fmt: skip
    def post(self, request: Request) -> Response:
        """A pending method, and the unsigned approval for its wallet to sign and send. Then confirm it.

        What is left of an approval of ours is kept on top of `add_minor`.
        """
        return self.once(NewMethodBody, self._keep, before=self._ask)

    def _ask(self, data: dict[str, Any]) -> ApprovalAsked:
        if self.is_customer is not None and not self.is_customer(data["customer_id"]):
            raise Refusal("customer_unknown", "there is no such customer", param="customer")
        ours = ("customer_id", "metadata")
        return away(partial(methods.ask, **{name: data[name] for name in data if name not in ours}))

    def _keep(self, data: dict[str, Any], asked: ApprovalAsked) -> Done:
        kept = {name: data[name] for name in _KEPT if name in data}
        method = methods.keep(asked, by=self.actor, **kept)
        shown = pages.one(method, PaymentMethodShape)
        return Done(shown | {"approval": _approval(asked, method.currency)}, shown["id"])


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
        return self.once(MethodChange, lambda data: _done(label(pk, by=self.actor, **data)))


class ConfirmMethod(OfMethod):
    """The approval is there."""

    @extend_schema(operation_id="confirm_payment_method", request=ConfirmBody, responses=PaymentMethodShape,
                   examples=[examples.sent({"needed_minor": 12500000}), examples.shown(examples.METHOD)])  # fmt: skip
    def post(self, request: Request, method_id: str) -> Response:
        """Look at the chain for the approval, and make the method usable if it covers `needed_minor`."""
        pk = self.id("payment_method", method_id)

        def look(data: dict[str, Any]) -> ApprovalFound:
            return away(partial(methods.look, pk, by=self.actor, keep=not self.dry_run, **data))

        def use(data: dict[str, Any], found: ApprovalFound) -> Done:
            return _done(methods.use(pk, found, by=self.actor))

        return self.once(ConfirmBody, use, before=look)


class ApproveAgain(OfMethod):
    """Another approval."""

    @extend_schema(operation_id="renew_payment_method_approval", request=ApprovalBody, responses=ApprovalShape,
                   examples=[examples.sent({"add_minor": 150000000}), examples.shown(examples.APPROVAL)])  # fmt: skip
    def post(self, request: Request, method_id: str) -> Response:
        """A fresh approval to sign, where the last one is used up, revoked, too small, or was not sent in time."""
        pk = self.id("payment_method", method_id)

        def ask(data: dict[str, Any]) -> tuple[ApprovalAsked, str]:
            asked = away(partial(methods.ask_again, pk, **data))
            return asked, self.method(method_id).currency

        return self.once(
            ApprovalBody,
            lambda data, found: Done(_approval(*found), ids.show("payment_method", pk), 200),
            before=ask,
        )


class RemoveMethod(OfMethod):
    """Out of use."""

    @extend_schema(operation_id="remove_payment_method", request=RemoveBody, responses=PaymentMethodShape,
                   examples=[examples.sent({"reason": "the payer asked"}),
                             examples.shown({**examples.METHOD, "state": "removed"})])  # fmt: skip
    def post(self, request: Request, method_id: str) -> Response:
        """Take a method out of use. What is scheduled from it is called back; what is in flight can't be stopped."""
        pk = self.id("payment_method", method_id)

        def work(data: dict[str, Any]) -> Done:
            methods.remove(pk, by=self.actor, **data)
            return _done(self.method(method_id))

        return self.once(RemoveBody, work)


def away(ask: Callable[[], T]) -> T:
    """What the provider says; 503 where it does not answer: nothing was written, it may be asked again."""
    try:
        return ask()
    except Refusal as refusal:
        if refusal.code != "provider_unavailable":
            raise
        raise Fault(503, "api_error", refusal.code, refusal.message, param="provider", retry="safe",
                    headers={"Retry-After": "5"}) from None  # fmt: skip


def _approval(asked: ApprovalAsked, currency: str) -> dict[str, Any]:
    return {
        "transaction": asked.transaction, "currency": currency, "amount_minor": asked.amount_minor,
        "amount": major(asked.amount_minor, currency), "kept_minor": asked.kept_minor,
        "kept": major(asked.kept_minor, currency), "replaces": asked.replaces,
        "replaces_foreign": asked.replaces_foreign,
    }  # fmt: skip


def _done(method: PaymentMethod) -> Done:
    shown = pages.one(method, PaymentMethodShape)
    return Done(shown, shown["id"], 200)
