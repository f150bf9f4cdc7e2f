"""Doors to disputes: what payers' banks took back."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engine.rest import pages
from engine.rest.pages import Expandable, ExpandQuery, Expansion, PageQuery
from engine.rest.shapes import IdField, KindField, LiveField, MajorField, MomentField, WholeOrIdField
from engine.rest.views import RestView
from payments.api import examples
from payments.api.shapes import PaymentShape
from payments.models import Dispute, Payment

DISPUTE_STATES = Dispute.State.values


class DisputeShape(serializers.Serializer[Any]):
    """What a payer's bank took back until somebody is right."""

    id = IdField("dispute")
    object = KindField("dispute")
    livemode = LiveField()
    payment = WholeOrIdField("payment", PaymentShape, source="payment_id", allow_null=True,
                             help_text="null: none of ours that could bear it is named")  # fmt: skip
    provider = serializers.CharField()
    dispute_ref = serializers.CharField(help_text="The provider's own id of it")
    state = serializers.ChoiceField(choices=DISPUTE_STATES, help_text="open: evidence is due")
    currency = serializers.CharField()
    amount_minor = serializers.IntegerField()
    amount = MajorField("amount_minor")
    cost_minor = serializers.IntegerField(help_text="What the provider asks for the dispute itself")
    cost = MajorField("cost_minor")
    reason = serializers.CharField()
    case = IdField("case", source="case_id")
    opened_at = MomentField()
    evidence_due_at = MomentField(allow_null=True)
    looked_at = MomentField(help_text="When the provider was asked last")
    created_at = MomentField()
    ended_at = MomentField(allow_null=True)


class DisputeQuery(PageQuery):
    """Filters of disputes."""

    payment = IdField("payment", required=False)
    state = serializers.ChoiceField(required=False, choices=DISPUTE_STATES)


OF_DISPUTE: Expandable = {"payment": Expansion("payments", "payment_id", Payment, PaymentShape)}


class Disputes(RestView):
    """All disputes."""

    resource = "payments"

    @extend_schema(operation_id="list_disputes", parameters=[DisputeQuery], responses=pages.listed(DisputeShape),
                   examples=[examples.listed(examples.DISPUTE)])  # fmt: skip
    def get(self, request: Request) -> Response:
        """Disputes, newest first; those of a payment, or in a state."""
        asked = self.query(DisputeQuery)
        found = Dispute.objects.all()
        found = found.filter(payment_id=asked["payment"]) if "payment" in asked else found
        found = found.filter(state=asked["state"]) if "state" in asked else found
        return pages.page(request, found, DisputeShape, asked, expandable=OF_DISPUTE)


class DisputeView(RestView):
    """One dispute."""

    resource, object_name = "payments", "dispute"

    @extend_schema(operation_id="get_dispute", parameters=[ExpandQuery], responses=DisputeShape,
                   examples=[examples.shown(examples.DISPUTE)])  # fmt: skip
    def get(self, request: Request, dispute_id: str) -> Response:
        """One dispute, as its provider had it when it was asked last."""
        asked = self.query(ExpandQuery)
        found = self.there(Dispute.objects.filter(pk=self.id("dispute", dispute_id)).first(), dispute_id)
        return Response(pages.one(found, DisputeShape, asked, OF_DISPUTE, scopes=self.caller.scopes))
