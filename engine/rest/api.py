"""Doors to the API's own things: keys, and what was answered under an Idempotency-Key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engine.core.actor import Actor
from engine.core.errors import Refusal
from engine.rest import ids, keys, once, pages, scopes
from engine.rest.errors import Fault
from engine.rest.models import ApiKey
from engine.rest.once import Done
from engine.rest.shapes import IdField, MomentField, Shape, TextField, WholeField
from engine.rest.views import RestView

_KEY = {
    "id": "key_0198c0de000070008000000000000001", "name": "shop", "prefix": "cb_test_Zk3fQ1", "scopes": ["plans:read"],
    "created_at": "2026-01-31T09:30:00Z", "created_by": "key:cb_test_Qm7Lw2 root", "expires_at": None,
    "revoked_at": None, "last_used_at": None, "rotated_from": None,
}  # fmt: skip
_MADE = OpenApiExample(
    "made",
    {**_KEY, "secret": "cb_test_Zk3fQ1-an-example-and-nobodys-key-00000000"},
    response_only=True,
    status_codes=["201"],
)
_LISTED = {"object": "list", "data": [_KEY], "has_more": False, "next_cursor": None, "next": None}
_ANSWER = {
    "state": "finished", "request": "POST /api/keys", "status": 201, "object_id": _KEY["id"], "answer": _KEY,
}  # fmt: skip


def _shown(value: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample("answer", value, response_only=True, status_codes=["200"])


def _sent(**value: Any) -> OpenApiExample:
    return OpenApiExample("request", value, request_only=True)


class KeyShape(serializers.Serializer[Any]):
    """A key without its secret."""

    id = IdField("key")
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="How the secret begins")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=scopes.SCOPES))
    created_at = MomentField()
    created_by = serializers.CharField()
    expires_at = MomentField(allow_null=True)
    revoked_at = MomentField(allow_null=True)
    last_used_at = MomentField(allow_null=True, help_text="To the minute")
    rotated_from = IdField("key", source="rotated_from_id", allow_null=True)


class NewKeyShape(KeyShape):
    """A key with its secret, which is shown this once."""

    secret = serializers.CharField(required=False, help_text="Shown in the first answer alone")


class KeyBody(Shape):
    """What a new key is made from."""

    name = TextField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=scopes.SCOPES), min_length=1, max_length=40
    )
    expires_at = MomentField(required=False, allow_null=True)


class RotateBody(Shape):
    """How long the old key goes on working."""

    overlap_seconds = WholeField(required=False, default=86_400, max_value=keys.LONGEST_OVERLAP)


class Nothing(Shape):
    """A body without fields."""


class Keys(RestView):
    """API keys. Nobody hands out more than they hold."""

    resource = "keys"
    dry_run_offered = False

    @extend_schema(
        operation_id="list_keys", parameters=[pages.PageQuery], responses=pages.listed(KeyShape),
        examples=[_shown(_LISTED)],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """All keys, also those that have ended."""
        return pages.page(request, ApiKey.objects.all(), KeyShape, self.query(pages.PageQuery))

    @extend_schema(
        operation_id="create_key", request=KeyBody, responses={201: NewKeyShape},
        examples=[_sent(name="shop", scopes=["plans:read"]), _MADE],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Make a key. Its secret is in this answer and nowhere else."""
        return self.once(KeyBody, self._make)

    def _make(self, data: dict[str, Any]) -> Done:
        if not scopes.within(data["scopes"], self.caller.scopes):
            raise Fault(403, "permission_error", "scope_beyond", "A key can't hand out scopes that it does not have.",
                        param="scopes")  # fmt: skip
        return _done(keys.create(by=self.actor, **data))


class KeyView(RestView):
    """One key."""

    resource = object_name = "keys"

    @extend_schema(operation_id="get_key", responses=KeyShape, examples=[_shown(_KEY)])
    def get(self, request: Request, key_id: str) -> Response:
        """One key, without its secret."""
        self.query(pages.NoQuery)
        found = ApiKey.objects.filter(pk=self.id("key", key_id)).first()
        if found is None:
            raise Fault(404, "not_found", "key_unknown", f"There is no key {key_id}.", param="key")
        return Response(pages.one(found, KeyShape))


class _OfKey(RestView):
    """An act on one key. Nobody touches a key that may more than theirs."""

    resource, object_name = "keys", "key"
    dry_run_offered = False

    def may(self, key_id: UUID) -> Actor:
        """The caller, for the verb. Raises Fault (403) where the key has a scope that the caller does not have."""
        key = ApiKey.objects.filter(pk=key_id).first()
        if key is not None and not scopes.within(key.scopes, self.caller.scopes):
            raise Fault(
                403, "permission_error", "scope_beyond", "That key has scopes which this one does not have."
            )
        return self.actor


class RotateKey(_OfKey):
    """A new secret for a key."""

    @extend_schema(
        operation_id="rotate_key", request=RotateBody, responses={201: NewKeyShape},
        examples=[_sent(overlap_seconds=3600), _MADE],
    )  # fmt: skip
    def post(self, request: Request, key_id: str) -> Response:
        """A new key with the same name and scopes; the old one works for `overlap_seconds` more."""
        found = self.id("key", key_id)
        return self.once(RotateBody, lambda data: _done(keys.rotate(found, by=self.may(found), **data)))


class RevokeKey(_OfKey):
    """The end of a key."""

    @extend_schema(
        operation_id="revoke_key", request=Nothing, responses={200: KeyShape},
        examples=[_shown({**_KEY, "revoked_at": "2026-02-28T09:30:00Z"})],
    )  # fmt: skip
    def post(self, request: Request, key_id: str) -> Response:
        """End a key now."""
        found = self.id("key", key_id)
        return self.once(Nothing, lambda _: Done(pages.one(keys.revoke(found, by=self.may(found)), KeyShape),
                                                 ids.show("key", found), 200))  # fmt: skip


class AnswerShape(serializers.Serializer[Any]):
    """What became of a request whose answer was lost."""

    state = serializers.ChoiceField(choices=("never_seen", "running", "finished"))
    request = serializers.CharField(allow_null=True, help_text="Method and path")
    status = serializers.IntegerField(allow_null=True)
    object_id = serializers.CharField(allow_null=True)
    answer = serializers.JSONField(allow_null=True)


class RequestView(RestView):
    """Requests under an Idempotency-Key of the caller's own."""

    @extend_schema(operation_id="get_request", responses=AnswerShape, examples=[_shown(_ANSWER)])
    def get(self, request: Request, key: str) -> Response:
        """Ask what became of a POST whose answer was lost: never seen, running, or finished with its answer."""
        self.query(pages.NoQuery)
        if not 0 < len(key) <= 255 or "\x00" in key:
            raise Refusal("idempotency_key_invalid", "1 to 255 characters", param="key")
        state, found = once.state_of(self.caller.owner, key)
        told: dict[str, Any] = {
            "state": state,
            "request": None,
            "status": None,
            "object_id": None,
            "answer": None,
        }
        if found is not None:
            told |= {"request": found.path, "status": found.status, "object_id": found.object_id or None,
                     "answer": found.answer}  # fmt: skip
        return Response(told)

    def scope(self, method: str) -> str:
        """Any key may ask about its own requests."""
        return next(iter(self.caller.scopes), "admin:read")


def _done(made: keys.Made) -> Done:
    return Done(pages.one(made.key, KeyShape), ids.show("key", made.key.pk), secret={"secret": made.secret})


def errors_page(request: HttpRequest) -> HttpResponse:
    """Where `doc_url` leads: every code, and what it says. Made from the code by docs/make.py."""
    return render(request, "rest/errors.html")
