"""Subscriptions: who is on which plan."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing import change, subscribe
from billing.api import examples, lists, rows
from billing.api.shapes import SubscriptionShape
from engine.rest import ids, pages
from engine.rest.once import Done
from engine.rest.shapes import IdField, MetadataField, MomentField, Shape, TextField, TruthField
from engine.rest.views import RestView


class SubscriptionBody(Shape):
    """A new subscription."""

    customer = IdField("customer", source="customer_id")
    plan = IdField("plan", source="plan_id")
    payment_method = IdField(
        "payment_method", source="method_id", required=False, allow_null=True, default=None,
        help_text="The customer's own, active, of the plan's currency; without one their default is taken, and "
        "invoices stay open where they have none",
    )  # fmt: skip
    anchor_at = MomentField(
        required=False, allow_null=True, help_text="When period 0 starts: now by default, or later"
    )
    ends_at = MomentField(required=False, allow_null=True, help_text="No period that starts then is billed")
    auto_pay = TruthField(required=False, default=True)
    service_name = TextField(required=False, max_length=200, allow_blank=True)
    metadata = MetadataField(required=False)


class SubscriptionChange(Shape):
    """What is to change; the rest stays."""

    service_name = TextField(required=False, max_length=200, allow_blank=True)
    metadata = MetadataField(required=False, help_text="By name; an empty text takes its name away")


class Subscriptions(RestView):
    """All subscriptions."""

    resource = "subscriptions"
    renamed = {"method": "payment_method"}
    key_needed = True

    @extend_schema(operation_id="list_subscriptions", parameters=[lists.SubscriptionQuery],
                   responses=pages.listed(SubscriptionShape),
                   examples=[examples.listed(examples.SUBSCRIPTION)])  # fmt: skip
    def get(self, request: Request) -> Response:
        """Subscriptions, newest first. `expand`: customer, creator, plan, plan.creator, payment_method."""
        asked = self.query(lists.SubscriptionQuery)
        return pages.page(
            request, lists.subscriptions(asked), SubscriptionShape, asked, expandable=rows.OF_SUBSCRIPTION
        )

    @extend_schema(operation_id="create_subscription", request=SubscriptionBody,
                   responses={201: SubscriptionShape}, examples=[
        examples.sent({"customer": examples.CUSTOMER["id"], "plan": examples.PLAN["id"],
                       "payment_method": examples.SUBSCRIPTION["payment_method"], "service_name": "Newsletter"}),
        examples.shown(examples.SUBSCRIPTION, 201),
    ])  # fmt: skip
    def post(self, request: Request) -> Response:
        """Subscribe a customer to a plan's current terms. Period 0 is billed at once, or at `anchor_at`.

        409 `plan_inactive` or `already_subscribed`: one live subscription per customer and plan.
        """
        return self.once(
            SubscriptionBody, lambda data: done(subscribe.subscribe(by=self.actor, **data).pk, 201)
        )


class SubscriptionView(RestView):
    """One subscription."""

    resource, object_name = "subscriptions", "subscription"

    @extend_schema(operation_id="get_subscription", parameters=[pages.ExpandQuery], responses=SubscriptionShape,
                   examples=[examples.shown(examples.SUBSCRIPTION)])  # fmt: skip
    def get(self, request: Request, subscription_id: str) -> Response:
        """One subscription. `expand`: customer, creator, plan, plan.creator, payment_method."""
        asked = self.query(pages.ExpandQuery)
        found = rows.subscriptions().filter(pk=self.id("subscription", subscription_id)).first()
        found = self.there(found, subscription_id)
        return Response(
            pages.one(found, SubscriptionShape, asked, rows.OF_SUBSCRIPTION, scopes=self.caller.scopes)
        )

    @extend_schema(operation_id="update_subscription", request=SubscriptionChange, responses=SubscriptionShape,
                   examples=[examples.sent({"metadata": {"seat": "12"}}),
                             examples.shown(examples.SUBSCRIPTION)])  # fmt: skip
    def post(self, request: Request, subscription_id: str) -> Response:
        """Change what you say of a subscription: its service name, its metadata."""
        found = self.id("subscription", subscription_id)
        return self.once(
            SubscriptionChange, lambda data: done(change.describe(found, by=self.actor, **data).pk, 200)
        )


def done(subscription_id: UUID, status: int = 200) -> Done:
    """The subscription as it is now."""
    shown = pages.one(rows.subscriptions().get(pk=subscription_id), SubscriptionShape)
    return Done(shown, ids.show("subscription", subscription_id), status)
