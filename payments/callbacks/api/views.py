"""Doors of operators to callbacks: what came, what it led to, and once more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engine.rest import pages
from engine.rest.once import Done
from engine.rest.pages import NoQuery, PageQuery
from engine.rest.plain import plain
from engine.rest.shapes import IdField
from engine.rest.views import RestView
from payments.callbacks import again
from payments.callbacks.api import door
from payments.callbacks.api.shapes import AGAIN, CALLBACK, WHOLE, AgainBody, CallbackShape, CallbackWholeShape
from payments.callbacks.models import Callback

_PAGE = {"object": "list", "data": [CALLBACK], "has_more": False, "next_cursor": None, "next": None}


class CallbackQuery(PageQuery):
    """Filters of callbacks, each on an index."""

    provider = serializers.CharField(required=False, max_length=40)
    state = serializers.ChoiceField(required=False, choices=Callback.State.values)
    payment = IdField("payment", required=False, help_text="Those that named an attempt of it")


def callbacks(asked: Mapping[str, Any]) -> QuerySet[Callback]:
    """Callbacks without their bodies."""
    columns = {"provider": "provider", "state": "state", "payment": "payment_id"}
    wanted = {column: asked[name] for name, column in columns.items() if name in asked}
    found = Callback.objects.defer("body").filter(**wanted)
    few = asked.get("state", Callback.State.DONE) != Callback.State.DONE or "payment" in asked
    return pages.picked(found, asked) if few else found


class Callbacks(RestView):
    """All callbacks."""

    resource = "webhooks"

    @extend_schema(operation_id="list_webhooks", parameters=[CallbackQuery], responses=pages.listed(CallbackShape),
                   examples=[OpenApiExample("page", _PAGE, response_only=True, status_codes=["200"])])  # fmt: skip
    def get(self, request: Request) -> Response:
        """What providers told us, newest first, and what each led to."""
        asked = self.query(CallbackQuery)
        return pages.page(request, callbacks(asked), CallbackShape, asked)


class OfCallback(RestView):
    """An endpoint of one callback."""

    resource, object_name = "webhooks", "callback"

    def callback(self, text: str) -> Callback:
        """The callback of the URL. Raises Fault (404)."""
        row = Callback.objects.defer("body").filter(pk=self.id("callback", text)).first()
        found: Callback = self.there(row, text)
        return found


class CallbackView(OfCallback):
    """One callback; and under the same address the providers' door, whose POST has no key but its signature."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """A POST goes past keys, scopes and limits: door.py answers it."""
        if request.method == "POST":
            return door.receive(request, kwargs["name"])
        return super().dispatch(request, *args, **kwargs)

    @extend_schema(operation_id="get_webhook", responses=CallbackWholeShape,
                   examples=[OpenApiExample("answer", WHOLE, response_only=True, status_codes=["200"])])  # fmt: skip
    def get(self, request: Request, name: str) -> Response:
        """One callback. `name` is its id."""
        self.query(NoQuery)
        return Response(plain(self.callback(name), CallbackWholeShape))


class WorkAgain(OfCallback):
    """Once more."""

    @extend_schema(operation_id="work_webhook_again", request=AgainBody, responses={202: CallbackWholeShape}, examples=[
        OpenApiExample("sent", {"reason": "its payment was created by hand"}, request_only=True),
        OpenApiExample("answer", AGAIN, response_only=True, status_codes=["202"]),
    ])  # fmt: skip
    def post(self, request: Request, name: str) -> Response:
        """Work a callback once more: what it names is looked up. Nothing moves by it."""
        pk = self.callback(name).pk

        def work(data: dict[str, Any]) -> Done:
            again.work_again(pk, reason=data["reason"], by=self.actor)
            shown = plain(self.callback(name), CallbackWholeShape)
            return Done(shown, shown["id"], 202)

        return self.once(AgainBody, work)
