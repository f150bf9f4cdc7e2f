"""Lists by cursor: newest first, stable while rows are added, never counted. Expansion by whitelist."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Model, QuerySet
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engine.rest.errors import Fault
from engine.rest.shapes import Shape

MOST = 100


class Expansion(NamedTuple):
    """An id of an answer that may be asked for whole. `attr` is the row's column that holds it."""

    attr: str
    model: type[Model]
    shape: type[serializers.Serializer[Any]]


Expandable = Mapping[str, Expansion]


class ExpandQuery(Shape):
    """The query of a single object."""

    expand = serializers.CharField(
        required=False, max_length=200, help_text="Names of objects to give whole, separated by commas"
    )


class PageQuery(ExpandQuery):
    """The query of every list; lists add their filters."""

    limit = serializers.IntegerField(required=False, default=20, min_value=1, max_value=MOST)
    after = serializers.CharField(
        required=False, max_length=80, help_text="`next_cursor` of the page before: an opaque word"
    )
    ordering = serializers.ChoiceField(
        required=False,
        default="-created",
        choices=("-created", "created"),
        help_text="Newest first by default",
    )


@cache
def listed(shape: type[serializers.Serializer[Any]]) -> Any:
    """The shape of a page of `shape`, for the OpenAPI document."""
    return inline_serializer(
        name=shape.__name__.removesuffix("Shape") + "List",
        fields={
            "object": serializers.CharField(default="list"),
            "data": shape(many=True),
            "has_more": serializers.BooleanField(),
            "next_cursor": serializers.CharField(allow_null=True),
            "next": serializers.CharField(allow_null=True),
        },
    )


def page(
    request: Request,
    rows: QuerySet[Any],
    shape: type[serializers.Serializer[Any]],
    asked: Mapping[str, Any],
    expandable: Expandable | None = None,
) -> Response:
    """One page of `rows`, whose ids must be in the order of their making (uuid7). One query, and one per expansion."""
    newest_first = asked["ordering"] == "-created"
    if "after" in asked:
        last = _read(asked["after"])
        rows = rows.filter(pk__lt=last) if newest_first else rows.filter(pk__gt=last)
    found = list(rows.order_by("-pk" if newest_first else "pk")[: asked["limit"] + 1])
    shown, more = found[: asked["limit"]], len(found) > asked["limit"]
    cursor = _write(shown[-1].pk) if more else None
    return Response(
        {
            "object": "list",
            "data": whole(shown, shape, asked, expandable),
            "has_more": more,
            "next_cursor": cursor,
            "next": _next(request, cursor) if cursor else None,
        }
    )


def one(
    row: Any,
    shape: type[serializers.Serializer[Any]],
    asked: Mapping[str, Any] | None = None,
    expandable: Expandable | None = None,
) -> dict[str, Any]:
    """A single row, with what was asked to be whole."""
    return whole([row], shape, asked or {}, expandable)[0]


def whole(
    rows: Sequence[Any],
    shape: type[serializers.Serializer[Any]],
    asked: Mapping[str, Any],
    expandable: Expandable | None,
) -> list[dict[str, Any]]:
    """The answers of `rows`; each name of `expand` replaces an id by its object. A query per name."""
    shown: list[dict[str, Any]] = [dict(each) for each in shape(rows, many=True).data]
    for name in _wanted(asked.get("expand", ""), expandable or {}):
        how = (expandable or {})[name]
        wanted = {getattr(row, how.attr) for row in rows} - {None}
        found = how.model._default_manager.in_bulk(list(wanted))
        made = {pk: dict(how.shape(each).data) for pk, each in found.items()}
        for row, answer in zip(rows, shown, strict=True):
            answer[name] = made.get(getattr(row, how.attr), answer.get(name))
    return shown


def _wanted(text: str, expandable: Expandable) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in expandable:
            known = ", ".join(expandable) or "nothing"
            raise Fault(400, "invalid_request", "expand_unknown", f"{name!r} can't be expanded here; {known} can",
                        param="expand")  # fmt: skip
    return list(dict.fromkeys(names))


def _write(pk: UUID) -> str:
    return base64.urlsafe_b64encode(pk.bytes).decode().rstrip("=")


def _read(text: str) -> UUID:
    try:
        return UUID(bytes=base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        raise Fault(400, "invalid_request", "cursor_invalid", "`after` is no cursor of ours; take `next_cursor`",
                    param="after") from None  # fmt: skip


def _next(request: Request, cursor: str) -> str:
    query = request.query_params.copy()
    query["after"] = cursor
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
