"""What is done to a payment method: confirmed, approved again, made the default, removed."""

from __future__ import annotations

from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ValidationError

from engine.providers.abilities import ApprovalFound, SetupFound
from engine.rest import ids
from engine.rest.once import Done
from payments import methods
from payments.api import examples
from payments.api.method_shapes import ApprovalBody, ApprovalShape, ConfirmBody, MethodReasonBody
from payments.api.methods import OfMethod, approval, away, done
from payments.api.shapes import PaymentMethodShape

_WHY = examples.sent({"reason": "the payer asked"})


class ConfirmMethod(OfMethod):
    """The payer is done."""

    @extend_schema(operation_id="confirm_payment_method", request=ConfirmBody, responses=PaymentMethodShape,
                   examples=[examples.sent({"needed_minor": 12500000}), examples.shown(examples.METHOD)])  # fmt: skip
    def post(self, request: Request, method_id: str) -> Response:
        """Look at the provider, and make the method usable: once a card was given to the gateway, or once an approval
        stands on the chain that covers `needed_minor`.
        """
        pk = self.id("payment_method", method_id)

        def look(data: dict[str, Any]) -> ApprovalFound | SetupFound | None:
            if self.method(method_id).setup_kind:
                if data:
                    raise ValidationError(
                        {"needed_minor": ["a gateway takes no such field"]}, code="field_unknown"
                    )
                return away(partial(methods.look_at_setup, pk, by=self.actor, keep=not self.dry_run))
            needed = data.get("needed_minor", 1)
            return away(partial(methods.look, pk, by=self.actor, keep=not self.dry_run, needed_minor=needed))

        def use(data: dict[str, Any], found: ApprovalFound | SetupFound | None) -> Done:
            if isinstance(found, ApprovalFound):
                return done(methods.use(pk, found, by=self.actor))
            return done(methods.take_setup(pk, found, by=self.actor))

        return self.once(ConfirmBody, use, before=look)


class ApproveAgain(OfMethod):
    """Another approval."""

    @extend_schema(operation_id="renew_payment_method_approval", request=ApprovalBody, responses=ApprovalShape,
                   examples=[examples.sent({"add_minor": 150000000}), examples.shown(examples.APPROVAL)])  # fmt: skip
    def post(self, request: Request, method_id: str) -> Response:
        """A fresh approval to sign, where the last one is used up, revoked, too small, or was not sent in time."""
        pk = self.id("payment_method", method_id)

        def ask(data: dict[str, Any]) -> tuple[Any, str]:
            asked = away(partial(methods.ask_again, pk, **data))
            return asked, self.method(method_id).currency

        return self.once(
            ApprovalBody,
            lambda data, found: Done(approval(*found), ids.show("payment_method", pk), 200),
            before=ask,
        )


class MakeDefault(OfMethod):
    """The customer's default."""

    @extend_schema(operation_id="make_payment_method_default", request=MethodReasonBody, responses=PaymentMethodShape,
                   examples=[_WHY, examples.shown({**examples.METHOD, "default": True})])  # fmt: skip
    def post(self, request: Request, method_id: str) -> Response:
        """Collect the customer's next subscriptions from it that name no method. Each customer has one at most."""
        pk = self.id("payment_method", method_id)
        return self.once(MethodReasonBody, lambda data: done(methods.make_default(pk, by=self.actor, **data)))


class RemoveMethod(OfMethod):
    """Out of use."""

    @extend_schema(operation_id="remove_payment_method", request=MethodReasonBody, responses=PaymentMethodShape,
                   examples=[_WHY, examples.shown({**examples.METHOD, "state": "removed"})])  # fmt: skip
    def post(self, request: Request, method_id: str) -> Response:
        """Take a method out of use. What is scheduled from it is called back; what is in flight can't be stopped.

        What a gateway keeps of it is given up once nothing is in flight any more.
        """
        pk = self.id("payment_method", method_id)

        def work(data: dict[str, Any]) -> Done:
            methods.remove(pk, by=self.actor, **data)
            return done(self.method(method_id))

        return self.once(MethodReasonBody, work)
