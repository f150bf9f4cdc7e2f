"""Doors to the events: the feed that never skips, and one event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engine.outbox import feed
from engine.outbox.models import Event
from engine.rest import ids, pages
from engine.rest.errors import Fault
from engine.rest.plain import plain
from engine.rest.shapes import IdField, KindField, LiveField, MomentField, OfRow, Shape
from engine.rest.views import RestView

_HEX = "0198c0de00007000800000000000000"
_EVENT: dict[str, Any] = {
    "id": f"evt_{_HEX}1", "object": "event", "livemode": False, "type": "payment.succeeded",
    "about": {"object": "payment", "id": f"pay_{_HEX}2"}, "sequence": 4, "occurred_at": "2026-01-31T09:30:00Z",
    "created_at": "2026-01-31T09:30:14Z", "clock_id": 0, "correlation_id": "0198c0de-0000-7000-8000-000000000003",
    "data": {"payment_id": f"pay_{_HEX}2", "state": "succeeded", "source": ["invoice", f"inv_{_HEX}4"]},
}  # fmt: skip
_PAGE = {"object": "list", "data": [_EVENT], "has_more": False, "next_cursor": _EVENT["id"], "next": None}
KINDS = {
    ids.PREFIXES[kind]: kind
    for kind in ("payment", "refund", "dispute", "payment_method", "subscription", "invoice", "plan")
}


@extend_schema_field(
    inline_serializer("EventAbout", {"object": serializers.CharField(), "id": serializers.CharField()})
)
class AboutField(OfRow):
    """What it happened to."""

    def to_representation(self, value: Event) -> dict[str, str]:
        return {"object": value.object_kind, "id": _id(value.object_kind, value.object_id)}


@extend_schema_field({"type": "object", "additionalProperties": True})
class DataField(OfRow):
    """The facts, with ids as the API writes them."""

    def to_representation(self, value: Event) -> dict[str, Any]:
        return {name: _fact(name, fact) for name, fact in value.payload.items()}


class EventShape(serializers.Serializer[Any]):
    """One fact. Of one object `sequence` grows; it may skip numbers."""

    id = IdField("event")
    object = KindField("event")
    livemode = LiveField()
    type = serializers.CharField()
    about = AboutField()
    sequence = serializers.IntegerField(source="seq", help_text="The object's version after the change")
    occurred_at = MomentField(help_text="Business time of the object's clock")
    created_at = MomentField(help_text="Machine time")
    clock_id = serializers.IntegerField(help_text="0: real time; else a simulated clock")
    correlation_id = serializers.UUIDField(allow_null=True, help_text="Of all that one act brought about")
    data = DataField()  # type: ignore[assignment]


class EventQuery(Shape):
    """The query of the feed."""

    limit = serializers.IntegerField(required=False, default=20, min_value=1, max_value=pages.MOST)
    after = IdField("event", required=False, help_text="The event to read on after: `next_cursor`, or an id")
    ordering = serializers.ChoiceField(
        required=False,
        default="created",
        choices=("created", "-created"),
        help_text="Oldest first by default",
    )
    type = serializers.RegexField(
        r"^[a-z_]{1,30}\.([a-z_]{1,29}|\*)$", required=False, help_text="`payment.succeeded`, or `payment.*`"
    )
    about = serializers.CharField(
        required=False,
        max_length=60,
        help_text="Id of a payment, payment method, subscription, invoice or plan",
    )


class Events(RestView):
    """The feed."""

    resource = "events"

    @extend_schema(operation_id="list_events", parameters=[EventQuery], responses=pages.listed(EventShape),
                   examples=[OpenApiExample("page", _PAGE, response_only=True, status_codes=["200"])])  # fmt: skip
    def get(self, request: Request) -> Response:
        """Every event once, in an order that never changes. Keep `next_cursor` and ask again with it as `after`.

        An event shows as soon as no transaction that began before it can add one in front of it: within
        milliseconds as a rule. While `has_more` is true go on at once, also after an empty page: one call looks at
        2000 events for a `type`.
        """
        asked = self.query(EventQuery)
        found = feed.read(
            most=asked["limit"],
            after=asked.get("after"),
            newest_first=asked["ordering"] == "-created",
            type=asked.get("type", ""),
            about=_about(asked["about"]) if "about" in asked else None,
        )
        cursor = ids.show("event", found.last) if found.last else None
        return Response(
            {
                "object": "list",
                "data": [plain(each, EventShape) for each in found.events],
                "has_more": found.more,
                "next_cursor": cursor,
                "next": pages.next_url(request, cursor) if cursor and found.more else None,
            }
        )


class EventView(RestView):
    """One event."""

    resource, object_name = "events", "event"

    @extend_schema(operation_id="get_event", responses=EventShape,
                   examples=[OpenApiExample("answer", _EVENT, response_only=True, status_codes=["200"])])  # fmt: skip
    def get(self, request: Request, event_id: str) -> Response:
        """One event, also before the feed shows it."""
        self.query(pages.NoQuery)
        found = Event.objects.filter(pk=self.id("event", event_id)).first()
        return Response(plain(self.there(found, event_id), EventShape))


def _about(text: str) -> tuple[str, UUID]:
    kind = KINDS.get(text.rpartition("_")[0], "")
    found = ids.read(kind, text) if kind else None
    if found is None:
        raise Fault(400, "invalid_request", "id_invalid", f"`about` is an id that begins with {', '.join(KINDS)}",
                    param="about")  # fmt: skip
    return kind, found


def _fact(name: str, fact: Any) -> Any:
    """`payment_id` and `source` as the API writes ids; the rest as it is."""
    if name == "source" and isinstance(fact, list) and len(fact) == 2:
        return [fact[0], _id(fact[0], fact[1])]
    if isinstance(fact, Mapping):
        return {inner: _fact(inner, value) for inner, value in fact.items()}
    return _id(name.removesuffix("_id"), fact) if name.endswith("_id") else fact


def _id(kind: str, value: Any) -> Any:
    if kind not in ids.PREFIXES:
        return str(value) if isinstance(value, UUID) else value
    found = ids.read(kind, str(value))
    return ids.show(kind, found) if found else value


urlpatterns = [
    path("events", Events.as_view()),
    path("events/<str:event_id>", EventView.as_view()),
]
