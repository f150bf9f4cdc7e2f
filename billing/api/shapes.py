"""What callers see of billing's rows. Amounts twice: whole minor units, and text in major units."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.models import Invoice, Subscription
from engine.core import calendar
from engine.rest import ids
from engine.rest.shapes import (
    IdField,
    KindField,
    LiveField,
    MajorField,
    MetadataField,
    MomentField,
    OfRow,
    Shape,
    TextField,
    WholeOrIdField,
)
from payments.api.shapes import PaymentMethodShape

SUBSCRIPTION_STATES = Subscription.State.values  # settings name them for the OpenAPI document


class WhyBody(Shape):
    """Why."""

    reason = TextField(required=False, max_length=2000, allow_blank=True, help_text="For the audit")


class ReleaseBody(Shape):
    """Why: needed, for those who read it later."""

    reason = TextField(max_length=2000, help_text="For the audit")


class CustomerShape(serializers.Serializer[Any]):
    """Who pays."""

    id = IdField("customer")
    object = KindField("customer")
    livemode = LiveField()
    name = serializers.CharField()
    email = serializers.CharField(help_text="Empty where there is none")
    wallet = serializers.CharField(help_text="Empty where there is none")
    zone = serializers.CharField(help_text="IANA zone that calendar periods follow")
    metadata = MetadataField()
    created_at = MomentField()


class CreatorShape(serializers.Serializer[Any]):
    """Who is paid."""

    id = IdField("creator")
    object = KindField("creator")
    livemode = LiveField()
    name = serializers.CharField()
    wallet = serializers.CharField(help_text="Where direct payments go; empty where there is none")
    fee_bps = serializers.IntegerField(
        help_text="Hundredths of a percent of each payment: the platform's share"
    )
    metadata = MetadataField()
    created_at = MomentField()


class TermsShape(serializers.Serializer[Any]):
    """A price per period."""

    price_minor = serializers.IntegerField(help_text="Whole minor units")
    price = MajorField("price_minor")
    currency = serializers.CharField()
    interval_unit = serializers.ChoiceField(choices=calendar.UNITS)
    interval_count = serializers.IntegerField()


class PlanShape(TermsShape):
    """What a creator sells, with the terms that new subscribers get."""

    id = IdField("plan")
    object = KindField("plan")
    livemode = LiveField()
    creator = WholeOrIdField("creator", CreatorShape, source="creator_id")
    number = serializers.IntegerField(help_text="The creator's own number of it")
    name = serializers.CharField()
    active = serializers.BooleanField()
    version = serializers.IntegerField(source="version_no", help_text="Counts the changes of its terms")
    metadata = MetadataField()
    created_at = MomentField()


class PlanVersionShape(TermsShape):
    """Terms that never change: who subscribed under them keeps them."""

    id = IdField("plan_version")
    object = KindField("plan_version")
    livemode = LiveField()
    plan = IdField("plan", source="plan_id")
    version = serializers.IntegerField(source="no")
    created_at = MomentField()


class SubscriptionShape(TermsShape):
    """A customer on a plan, under the terms of the day they joined."""

    id = IdField("subscription")
    object = KindField("subscription")
    livemode = LiveField()
    customer = WholeOrIdField("customer", CustomerShape, source="customer_id")
    creator = WholeOrIdField("creator", CreatorShape, source="creator_id")
    plan = WholeOrIdField("plan", PlanShape, source="plan_id")
    plan_version = serializers.IntegerField(source="terms_no")
    payment_method = WholeOrIdField("payment_method", PaymentMethodShape, source="method_id", allow_null=True)
    state = serializers.ChoiceField(choices=SUBSCRIPTION_STATES)
    auto_pay = serializers.BooleanField()
    service_name = serializers.CharField()
    anchor_at = MomentField(help_text="When period 0 starts; all dates are computed from it")
    zone = serializers.CharField()
    period_no = serializers.IntegerField(help_text="The next period to bill")
    next_due_at = MomentField(allow_null=True, help_text="Null while nothing is to be billed")
    ends_at = MomentField(allow_null=True)
    held_code = serializers.CharField(
        help_text="Not empty: billing waits for a person, but where its plan was off at its end"
    )
    held_reason = serializers.CharField()
    reason_code = serializers.CharField(help_text="Why it is in this state")
    reason = serializers.CharField()
    payments_made = serializers.IntegerField()
    payments_failed = serializers.IntegerField()
    last_payment_at = MomentField(allow_null=True)
    metadata = MetadataField()
    created_at = MomentField()
    ended_at = MomentField(allow_null=True)


class StoppedShape(SubscriptionShape):
    """The subscription, and what became of payments that were on their way."""

    called_back = serializers.ListField(
        child=IdField("invoice"), help_text="Invoices whose scheduled payment was canceled"
    )
    in_flight = serializers.ListField(
        child=IdField("invoice"), help_text="Invoices whose payment can't be stopped any more"
    )


class UnaskedShape(serializers.Serializer[Any]):
    """An invoice that stays open without a payment."""

    invoice = IdField("invoice", source="pk")
    code = serializers.CharField(source="reason_code")
    reason = serializers.CharField()


class TriggeredShape(serializers.Serializer[Any]):
    """What a trigger set going. The work itself is done after the answer: ask for the jobs."""

    object = KindField("trigger")
    livemode = LiveField()
    subscription = IdField("subscription")
    jobs = serializers.ListField(child=IdField("job"), help_text="GET /api/jobs/{id}; oldest invoice first")
    invoices = serializers.ListField(child=IdField("invoice"), help_text="In the order of `jobs`")
    without_payment = UnaskedShape(many=True)


class LineShape(serializers.Serializer[Any]):
    """One line of an invoice."""

    no = serializers.IntegerField()
    description = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_minor = serializers.IntegerField()
    amount_minor = serializers.IntegerField()
    amount = MajorField("amount_minor")


@extend_schema_field({"type": "string", "nullable": True, "example": "INV-17"})
class NumberField(OfRow):
    """`INV-17`."""

    def to_representation(self, value: Any) -> str | None:
        return None if value.number is None else f"{value.series}{value.number}"


class InvoiceShape(serializers.Serializer[Any]):
    """What is owed for one period. `collecting` is under way, `collected` has arrived."""

    id = IdField("invoice")
    object = KindField("invoice")
    livemode = LiveField()
    number = NumberField()
    subscription = WholeOrIdField("subscription", SubscriptionShape, source="subscription_id")
    customer = WholeOrIdField("customer", CustomerShape, source="customer_id")
    creator = IdField("creator", source="creator_id")
    state = serializers.ChoiceField(choices=Invoice.State.values)
    period_no = serializers.IntegerField()
    period_start = MomentField()
    period_end = MomentField()
    currency = serializers.CharField()
    due_minor = serializers.IntegerField()
    due = MajorField("due_minor")
    collecting_minor = serializers.IntegerField()
    collecting = MajorField("collecting_minor")
    collected_minor = serializers.IntegerField()
    collected = MajorField("collected_minor")
    refunded_minor = serializers.IntegerField(
        help_text="Of what was collected: nothing becomes due again by it"
    )
    refunded = MajorField("refunded_minor")
    held_reason = serializers.CharField(help_text="Not empty: this draft waits for a person")
    reason_code = serializers.CharField(help_text="Why it is not paid")
    reason = serializers.CharField()
    first_failed_at = MomentField(allow_null=True)
    created_at = MomentField()
    issued_at = MomentField(allow_null=True)
    paid_at = MomentField(allow_null=True)
    # Not the row's own `lines`, which would be a query for each: rows.lines_of puts them here.
    lines = LineShape(
        many=True, allow_null=True, default=None, source="attached", help_text="Null in lists that don't expand it"
    )  # fmt: skip
    payments = serializers.ListField(
        child=IdField("payment"),
        allow_null=True,
        default=None,
        help_text="Null in lists that don't expand it",
    )


def show(kind: str, found: Any) -> list[str]:
    """Ids as callers see them."""
    return [ids.show(kind, each) for each in found]
