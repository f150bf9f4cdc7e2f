"""Doors to refunds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from engine.rest import ids, pages
from engine.rest.once import Done
from engine.rest.pages import Attached, Expandable, ExpandQuery, Expansion
from engine.rest.views import RestView
from payments import refund
from payments.api import examples
from payments.api.acts import ActBody
from payments.api.refund_shapes import NewRefundBody, RecordBody, RefundQuery, RefundShape
from payments.api.shapes import PaymentShape
from payments.models import Payment, Refund


def carriers_of(refunds: Sequence[Refund]) -> Mapping[UUID, str]:
    """The payment that carries each out."""
    keys = [each.pk for each in refunds]
    found = Payment.objects.filter(source_kind="refund", source_id__in=keys).values_list("source_id", "pk")
    return {source: ids.show("payment", pk) for source, pk in found}


OF_LIST: Expandable = {"payment": Expansion("payments", "payment_id", Payment, PaymentShape)}
OF_REFUND: Expandable = {**OF_LIST, "carried_out_by": Attached(carriers_of, None)}


def listed(asked: Mapping[str, Any]) -> QuerySet[Refund]:
    """Refunds, of a payment or in a state."""
    found = Refund.objects.filter(payment_id=asked["payment"]) if "payment" in asked else Refund.objects.all()
    return found.filter(state=asked["state"]) if "state" in asked else found


def whole(found: Refund, expand: str = "", scopes: Sequence[str] = ()) -> dict[str, Any]:
    """A refund as its own page shows it. Reads."""
    asked = {"expand": f"carried_out_by,{expand}"}
    return pages.one(found, RefundShape, asked, OF_REFUND, scopes=scopes)


class Refunds(RestView):
    """All refunds."""

    resource, key_needed = "refunds", True

    @extend_schema(operation_id="list_refunds", parameters=[RefundQuery], responses=pages.listed(RefundShape),
                   examples=[examples.listed(examples.REFUND_LISTED)])  # fmt: skip
    def get(self, request: Request) -> Response:
        """Refunds, newest first; those of a payment, or in a state."""
        asked = self.query(RefundQuery)
        return pages.page(request, listed(asked), RefundShape, asked, expandable=OF_LIST)

    @extend_schema(operation_id="create_refund", request=NewRefundBody, responses={201: RefundShape},
                   examples=[examples.sent(examples.NEW_REFUND), examples.shown(examples.REFUND, 201)])  # fmt: skip
    def post(self, request: Request) -> Response:
        """Give a paid payment back, whole or in part, by the provider that collected it. Sent within seconds.

        Where that can't (`state` by_hand), a case asks a person to do it. Nothing becomes due again by a refund.
        """

        def work(data: dict[str, Any]) -> Done:
            made = refund.request(data.pop("payment"), by=self.actor, **data)
            return Done(whole(made), ids.show("refund", made.pk))

        return self.once(NewRefundBody, work)


class OfRefund(RestView):
    """An endpoint of one refund."""

    resource, object_name = "refunds", "refund"

    def done(self, found: Refund) -> Done:
        """The answer of what was done to it."""
        return Done(whole(found), ids.show("refund", found.pk), 200)


class RefundView(OfRefund):
    """One refund."""

    @extend_schema(operation_id="get_refund", parameters=[ExpandQuery], responses=RefundShape,
                   examples=[examples.shown(examples.REFUND)])  # fmt: skip
    def get(self, request: Request, refund_id: str) -> Response:
        """One refund, with the payment that carries it out."""
        asked = self.query(ExpandQuery)
        found = self.there(Refund.objects.filter(pk=self.id("refund", refund_id)).first(), refund_id)
        return Response(whole(found, asked.get("expand", ""), tuple(self.caller.scopes)))


class CancelRefund(OfRefund):
    """Not after all."""

    @extend_schema(operation_id="cancel_refund", request=ActBody, responses=RefundShape, examples=[
        examples.sent({"reason": "the customer keeps it"}), examples.shown(examples.REFUND_CANCELED),
    ])  # fmt: skip
    def post(self, request: Request, refund_id: str) -> Response:
        """Call a refund back that has not been sent. What is on its way can't be stopped."""
        pk = self.id("refund", refund_id)
        return self.once(
            ActBody, lambda data: self.done(refund.cancel(pk, reason=data["reason"], by=self.actor))
        )


class RecordRefund(OfRefund):
    """Done by hand."""

    key_needed = True

    @extend_schema(operation_id="record_refund", request=RecordBody, responses=RefundShape, examples=[
        examples.sent({"reference": "SEPA 4711", "reason": "sent by the bank"}),
        examples.shown(examples.REFUND_RECORDED),
    ])  # fmt: skip
    def post(self, request: Request, refund_id: str) -> Response:
        """Say that a refund by hand was done; its case is closed. Nothing is sent. An approver's: `admin:write`."""
        pk = self.id("refund", refund_id)
        return self.once(RecordBody, lambda data: self.done(refund.record(pk, by=self.actor, **data)))
