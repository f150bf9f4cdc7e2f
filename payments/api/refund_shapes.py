"""What callers send and see of refunds."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from engine.rest.pages import PageQuery
from engine.rest.shapes import (
    IdField,
    KindField,
    LiveField,
    MajorField,
    MetadataField,
    MinorField,
    MomentField,
    Shape,
    TextField,
    WholeOrIdField,
)
from payments.api.acts import ActBody
from payments.api.shapes import PaymentShape
from payments.models import Refund

REFUND_STATES = Refund.State.values


class RefundShape(serializers.Serializer[Any]):
    """A part of a paid payment that its payer gets back."""

    id = IdField("refund")
    object = KindField("refund")
    livemode = LiveField()
    payment = WholeOrIdField("payment", PaymentShape, source="payment_id")
    no = serializers.IntegerField(source="refund_no", help_text="The n-th refund of that payment")
    state = serializers.ChoiceField(
        choices=REFUND_STATES, help_text="by_hand: its rail can't, a person does it and records it"
    )
    carried_out_by = IdField(
        "payment",
        allow_null=True,
        source="told_carrier",
        default=None,
        help_text="The payment that sends it, with its attempts; null where a person does. Null in lists",
    )
    attempt = IdField(
        "attempt",
        source="attempt_id",
        allow_null=True,
        help_text="Which brought it, where it had been paid after close (a case's money that goes back)",
    )
    currency = serializers.CharField()
    amount_minor = serializers.IntegerField()
    amount = MajorField("amount_minor")
    fee_minor = serializers.IntegerField(help_text="What of it comes out of the platform's fee")
    fee = MajorField("fee_minor")
    reason = serializers.CharField()
    failure_code = serializers.CharField(help_text="Why it failed or was called back")
    failure_message = serializers.CharField()
    created_by = serializers.CharField()
    case = IdField("case", source="case_id", allow_null=True, help_text="What asks a person to do it by hand")
    reference = serializers.CharField(help_text="Under which others find what was done by hand")
    recorded_by = serializers.CharField()
    metadata = MetadataField()
    created_at = MomentField()
    ended_at = MomentField(allow_null=True)


class RefundQuery(PageQuery):
    """Filters of refunds."""

    payment = IdField("payment", required=False)
    state = serializers.ChoiceField(required=False, choices=REFUND_STATES)


class NewRefundBody(Shape):
    """What is to be given back."""

    payment = IdField("payment")
    amount_minor = MinorField(required=False, min_value=1, help_text="All that is left, if it is not sent")
    reason = TextField(max_length=2000, help_text="For the audit")
    metadata = MetadataField(required=False)


class RecordBody(ActBody):
    """What was done by hand."""

    reference = TextField(
        max_length=200, help_text="Under which others find it: a transfer's number, a signature"
    )
