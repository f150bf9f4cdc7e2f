"""Creators: who is paid."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing import customers, standing
from billing.api import examples, lists
from billing.api.shapes import CreatorShape
from billing.models import Creator
from engine.rest import ids, pages
from engine.rest.once import Done
from engine.rest.shapes import IdField, MajorField, MetadataField, Shape, TextField, WholeField
from engine.rest.views import RestView


class CreatorBody(Shape):
    """A new creator."""

    name = TextField(max_length=200)
    wallet = TextField(required=False, max_length=64, allow_blank=True)
    fee_bps = WholeField(required=False, max_value=10_000, help_text="Hundredths of a percent; 0 by default")
    metadata = MetadataField(required=False)


class CreatorChange(Shape):
    """What is to change; the rest stays. The wallet can't: payments on their way name it."""

    name = TextField(required=False, max_length=200)
    metadata = MetadataField(required=False, help_text="By name; an empty text takes its name away")


class Creators(RestView):
    """All creators."""

    resource = "creators"

    @extend_schema(operation_id="list_creators", parameters=[lists.CreatorQuery],
                   responses=pages.listed(CreatorShape), examples=[examples.listed(examples.CREATOR)])  # fmt: skip
    def get(self, request: Request) -> Response:
        """Creators, newest first; filtered by wallet."""
        asked = self.query(lists.CreatorQuery)
        return pages.page(request, lists.parties(Creator, asked), CreatorShape, asked)

    @extend_schema(operation_id="create_creator", request=CreatorBody, responses={201: CreatorShape}, examples=[
        examples.sent({"name": "Studio Nine", "wallet": examples.CREATOR["wallet"], "fee_bps": 250}),
        examples.shown(examples.CREATOR, 201),
    ])  # fmt: skip
    def post(self, request: Request) -> Response:
        """Make a creator. A wallet must be one that a provider can pay."""
        return self.once(
            CreatorBody, lambda data: _done(customers.create_creator(by=self.actor, **data), 201)
        )


class CreatorView(RestView):
    """One creator."""

    resource, object_name = "creators", "creator"

    @extend_schema(operation_id="get_creator", parameters=[pages.ExpandQuery], responses=CreatorShape,
                   examples=[examples.shown(examples.CREATOR)])  # fmt: skip
    def get(self, request: Request, creator_id: str) -> Response:
        """One creator."""
        asked = self.query(pages.ExpandQuery)
        found = Creator.objects.filter(pk=self.id("creator", creator_id)).first()
        return Response(pages.one(self.there(found, creator_id), CreatorShape, asked))

    @extend_schema(operation_id="update_creator", request=CreatorChange, responses=CreatorShape, examples=[
        examples.sent({"name": "Studio Ten"}), examples.shown(examples.CREATOR),
    ])  # fmt: skip
    def post(self, request: Request, creator_id: str) -> Response:
        """Change a creator's name or metadata. What is not sent stays as it is."""
        found = self.id("creator", creator_id)
        return self.once(
            CreatorChange, lambda data: _done(customers.update_creator(found, by=self.actor, **data), 200)
        )


class GotShape(serializers.Serializer[Any]):
    """One currency: what payers sent directly, and what is held for the creator; both less the platform's fee."""

    currency = serializers.CharField()
    sent_minor = serializers.IntegerField()
    sent = MajorField("sent_minor")
    held_minor = serializers.IntegerField()
    held = MajorField("held_minor")


class StandingShape(serializers.Serializer[Any]):
    """What a creator sells and got. Counts end at 10,000."""

    creator = IdField("creator")
    plans = serializers.IntegerField(help_text="On sale")
    subscriptions = serializers.IntegerField(help_text="Live ones of these plans")
    got = GotShape(many=True)


class CreatorStats(RestView):
    """A creator's figures."""

    resource, object_name = "creators", "creator"

    @extend_schema(operation_id="get_creator_stats", responses=StandingShape, examples=[
        examples.shown({"creator": examples.CREATOR["id"], "plans": 2, "subscriptions": 41, "got": [
            {"currency": "USDC", "sent_minor": 195000000, "sent": "195.000000", "held_minor": 0, "held": "0.000000"},
        ]}),
    ])  # fmt: skip
    def get(self, request: Request, creator_id: str) -> Response:
        """What a creator sells and got, from the ledger."""
        self.query(pages.NoQuery)
        found = Creator.objects.filter(pk=self.id("creator", creator_id)).first()
        creator = self.there(found, creator_id)
        stands = standing.of_creator(creator.pk)
        return Response(StandingShape({"creator": creator.pk, **stands._asdict()}).data)


def _done(made: Creator, status: int) -> Done:
    data: dict[str, Any] = pages.one(made, CreatorShape)
    return Done(data, ids.show("creator", made.pk), status)
