"""Plans: what creators sell."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing import plans
from billing.api import examples, lists, rows
from billing.api.shapes import PlanShape, PlanVersionShape, WhyBody
from engine.core import calendar, money
from engine.rest import ids, pages
from engine.rest.once import Done
from engine.rest.shapes import IdField, MetadataField, MinorField, Shape, TextField, WholeField
from engine.rest.views import RestView

_SENT = {"price_minor": 12500000, "currency": "USDC", "interval_unit": "month", "interval_count": 1}


class TermsBody(Shape):
    """A price per period."""

    price_minor = MinorField(
        min_value=1, max_value=money.HIGHEST_PRICE_MINOR, help_text="Whole minor units, above zero"
    )
    currency = TextField(max_length=10)
    interval_unit = serializers.ChoiceField(choices=calendar.UNITS)
    interval_count = WholeField(min_value=1)


class PlanBody(TermsBody):
    """A new plan."""

    creator = IdField("creator", source="creator_id")
    number = WholeField(help_text="The creator's own number of it, each once")
    name = TextField(max_length=200)
    metadata = MetadataField(required=False)


class VersionBody(TermsBody, WhyBody):
    """New terms."""


class PlanChange(Shape):
    """What is to change; the rest stays."""

    name = TextField(required=False, max_length=200)
    metadata = MetadataField(required=False, help_text="By name; an empty text takes its name away")


class Plans(RestView):
    """All plans."""

    resource = "plans"

    @extend_schema(operation_id="list_plans", parameters=[lists.PlanQuery],
                   responses=pages.listed(PlanShape), examples=[examples.listed(examples.PLAN)])  # fmt: skip
    def get(self, request: Request) -> Response:
        """Plans, newest first; filtered by creator, number or activity. `expand`: creator."""
        asked = self.query(lists.PlanQuery)
        return pages.page(request, lists.plans(asked), PlanShape, asked, expandable=rows.OF_PLAN)

    @extend_schema(operation_id="create_plan", request=PlanBody, responses={201: PlanShape}, examples=[
        examples.sent({"creator": examples.CREATOR["id"], "number": 1, "name": "Pro", **_SENT}),
        examples.shown(examples.PLAN, 201),
    ])  # fmt: skip
    def post(self, request: Request) -> Response:
        """Make a plan. Its number must be free at its creator (409 `number_taken`)."""
        return self.once(PlanBody, lambda data: _done(plans.create_plan(by=self.actor, **data).pk, 201))


class PlanView(RestView):
    """One plan."""

    resource, object_name = "plans", "plan"

    @extend_schema(operation_id="get_plan", parameters=[pages.ExpandQuery], responses=PlanShape,
                   examples=[examples.shown(examples.PLAN)])  # fmt: skip
    def get(self, request: Request, plan_id: str) -> Response:
        """One plan. `expand`: creator."""
        asked = self.query(pages.ExpandQuery)
        found = self.there(rows.plans().filter(pk=self.id("plan", plan_id)).first(), plan_id)
        return Response(pages.one(found, PlanShape, asked, rows.OF_PLAN, scopes=self.caller.scopes))

    @extend_schema(operation_id="update_plan", request=PlanChange, responses=PlanShape, examples=[
        examples.sent({"name": "Pro plus", "metadata": {"tier": "2"}}), examples.shown(examples.PLAN),
    ])  # fmt: skip
    def post(self, request: Request, plan_id: str) -> Response:
        """Change a plan's name or metadata. Its terms change by a new version."""
        found = self.id("plan", plan_id)
        return self.once(
            PlanChange, lambda data: _done(plans.update_plan(plan_id=found, by=self.actor, **data).pk, 200)
        )


class PlanVersions(RestView):
    """The terms of a plan."""

    resource, object_name = "plans", "plan"

    @extend_schema(operation_id="list_plan_versions", parameters=[pages.PageQuery],
                   responses=pages.listed(PlanVersionShape),
                   examples=[examples.listed(examples.PLAN_VERSION)])  # fmt: skip
    def get(self, request: Request, plan_id: str) -> Response:
        """All terms that the plan ever had, the newest first."""
        asked, found = self.query(pages.PageQuery), self.id("plan", plan_id)
        self.there(rows.plans().filter(pk=found).first(), plan_id)
        return pages.page(request, rows.versions(found), PlanVersionShape, asked)

    @extend_schema(operation_id="create_plan_version", request=VersionBody, responses={201: PlanVersionShape},
                   examples=[examples.sent(_SENT), examples.shown(examples.PLAN_VERSION, 201)])  # fmt: skip
    def post(self, request: Request, plan_id: str) -> Response:
        """New terms, for those who subscribe from now on. Those who subscribed before keep theirs."""
        found = self.id("plan", plan_id)

        def work(data: dict[str, Any]) -> Done:
            made = plans.change_plan(plan_id=found, by=self.actor, **data)
            return Done(pages.one(made, PlanVersionShape), ids.show("plan_version", made.pk))

        return self.once(VersionBody, work)


class ActivatePlan(RestView):
    """Selling again."""

    resource, object_name = "plans", "plan"

    @extend_schema(operation_id="activate_plan", request=WhyBody, responses=PlanShape, examples=[
        examples.sent({"reason": "back in season"}), examples.shown(examples.PLAN),
    ])  # fmt: skip
    def post(self, request: Request, plan_id: str) -> Response:
        """Sell again. Subscriptions that were held go on from their next date; what was missed is skipped."""
        found = self.id("plan", plan_id)
        return self.once(
            WhyBody, lambda data: _done(plans.activate_plan(plan_id=found, by=self.actor, **data).pk, 200)
        )


class DeactivatePlan(RestView):
    """Selling no more."""

    resource, object_name = "plans", "plan"

    @extend_schema(operation_id="deactivate_plan", request=WhyBody, responses=PlanShape, examples=[
        examples.sent({"reason": "sold out"}), examples.shown({**examples.PLAN, "active": False}),
    ])  # fmt: skip
    def post(self, request: Request, plan_id: str) -> Response:
        """Sell no more: nobody subscribes, and who has is held when they are due next."""
        found = self.id("plan", plan_id)
        return self.once(
            WhyBody,
            lambda data: _done(plans.deactivate_plan(plan_id=found, by=self.actor, **data).pk, 200),
        )


def _done(plan_id: UUID, status: int) -> Done:
    return Done(pages.one(rows.plans().get(pk=plan_id), PlanShape), ids.show("plan", plan_id), status)
