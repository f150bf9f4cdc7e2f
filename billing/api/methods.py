"""What is done to payment methods that billing alone knows the users of: one takes over from another."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing import replace
from billing.api import examples
from billing.api.shapes import WhyBody, show
from engine.rest import ids, pages
from engine.rest.once import Done
from engine.rest.shapes import IdField
from engine.rest.views import RestView
from payments.api.shapes import PaymentMethodShape
from payments.models import PaymentMethod


class ReplacementBody(WhyBody):
    """What takes over."""

    replacement = IdField("payment_method", source="replacement_id")


class ReplacedShape(PaymentMethodShape):
    """The method that took over, and what it took over."""

    subscriptions = serializers.ListField(
        child=IdField("subscription"), help_text="Collected from it from now on"
    )
    in_flight = serializers.ListField(
        child=IdField("invoice"),
        help_text="Being collected from the old one at this moment; that can't be stopped",
    )


class ReplaceMethod(RestView):
    """Taking over."""

    resource, object_name = "payment_methods", "payment_method"
    renamed = {"method": "replacement"}
    key_needed = True

    @extend_schema(operation_id="replace_payment_method", request=ReplacementBody, responses=ReplacedShape,
                   examples=[examples.sent(examples.REPLACEMENT), examples.shown(examples.REPLACED)])  # fmt: skip
    def post(self, request: Request, method_id: str) -> Response:
        """Let another active method of the customer take over all that this one is used for, and remove this one.

        Subscriptions, what is open of them and not on its way, and whether it is the default: all of it or nothing.
        """
        pk = self.id("payment_method", method_id)

        def work(data: dict[str, Any]) -> Done:
            found = replace.replace_method(pk, by=self.actor, **data)
            shown = pages.one(PaymentMethod.objects.get(pk=data["replacement_id"]), PaymentMethodShape)
            took = {"subscriptions": show("subscription", found.subscriptions),
                    "in_flight": show("invoice", found.in_flight)}  # fmt: skip
            return Done(shown | took, ids.show("payment_method", pk), 200)

        return self.once(ReplacementBody, work)
