"""Lists by cursor: newest first, stable while rows are added, never counted. Expansion by whitelist."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engine.core.ids import first_at
from engine.rest import head
from engine.rest.errors import Fault
from engine.rest.plain import plain
from engine.rest.scopes import allow
from engine.rest.shapes import MomentField, Shape

M = TypeVar("M", bound=Model)
R = TypeVar("R")
MOST = 100
FEW = 1000


class Expansion(NamedTuple):
    """An id of an answer that may be asked for whole, by who may read its `resource`.

    `attr` is the row's column that holds it. `rows` gives what to select from where that is more than the model;
    `inner` what its objects have to expand.
    """

    resource: str
    attr: str
    model: type[Model]
    shape: type[serializers.Serializer[Any]]
    rows: Callable[[], QuerySet[Any]] | None = None
    inner: Mapping[str, Expansion] = {}


class Attached(NamedTuple):
    """What belongs to rows and has no column on them: `read` gives each row's by its id, in one query."""

    read: Callable[[Sequence[Any]], Mapping[UUID, Any]]
    empty: Any = ()


Expandable = Mapping[str, Expansion | Attached]


class NoQuery(Shape):
    """No query: what is sent is refused, not ignored."""


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
        help_text="Newest first by default. Upwards a full page stops below what is being written: nothing is skipped",
    )
    created_after = MomentField(required=False, help_text="Made then or later; machine time")
    created_before = MomentField(required=False, help_text="Made before; machine time")


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
    *,
    expandable: Expandable | None = None,
) -> Response:
    """One page of `rows`, whose ids must be in the order of their making (uuid7). One query, and one per expansion,
    which needs the caller's scope for what it shows (Fault 403).

    A cursor upwards never passes the oldest transaction that runs: it may still add a row below. The page is cut
    there, and ends the list for now.
    """
    settled = head.floor() if asked["ordering"] == "created" else None
    found = list(sliced(rows, asked))
    shown, more = found[: asked["limit"]], len(found) > asked["limit"]
    if more and settled is not None:
        shown = [row for row in shown if row.pk < settled]
        more = bool(shown)
    cursor = _write(shown[-1].pk) if more else None
    return Response(
        {
            "object": "list",
            "data": whole(shown, shape, asked, expandable, scopes=getattr(request.user, "scopes", ())),
            "has_more": more,
            "next_cursor": cursor,
            "next": next_url(request, cursor) if cursor else None,
        }
    )


def sliced(rows: QuerySet[M, R], asked: Mapping[str, Any]) -> QuerySet[M, R]:
    """The rows of a page and the one after it, in the page's order."""
    newest_first = asked["ordering"] == "-created"
    return _within(rows, asked).order_by("-pk" if newest_first else "pk")[: asked["limit"] + 1]


def picked(rows: QuerySet[M], asked: Mapping[str, Any]) -> QuerySet[M]:
    """`rows`, for a filter whose index is not in the order of lists. Reads up to FEW ids.

    Few are found by that index and put in order here: on a walk through the list what is rare and old would cost all
    of it. More than FEW are soon met on that walk.
    """
    found = list(_within(rows, asked).order_by().values_list("pk", flat=True)[: FEW + 1])
    if len(found) > FEW:
        return rows
    return rows.filter(pk__in=sorted(found, reverse=asked["ordering"] == "-created")[: asked["limit"] + 1])


def _within(rows: QuerySet[M, R], asked: Mapping[str, Any]) -> QuerySet[M, R]:
    """The rows of the time that is asked for, beyond the cursor."""
    if "created_after" in asked:
        rows = rows.filter(pk__gte=first_at(asked["created_after"]))
    if "created_before" in asked:
        rows = rows.filter(pk__lt=first_at(asked["created_before"]))
    if "after" in asked:
        last = _read(asked["after"])
        rows = rows.filter(pk__lt=last) if asked["ordering"] == "-created" else rows.filter(pk__gt=last)
    return rows


def one(
    row: Any,
    shape: type[serializers.Serializer[Any]],
    asked: Mapping[str, Any] | None = None,
    expandable: Expandable | None = None,
    *,
    scopes: Collection[str] = (),
) -> dict[str, Any]:
    """A single row, with what was asked to be whole, as far as `scopes` reach."""
    return whole([row], shape, asked or {}, expandable, scopes=scopes)[0]


def whole(
    rows: Sequence[Any],
    shape: type[serializers.Serializer[Any]],
    asked: Mapping[str, Any],
    expandable: Expandable | None,
    *,
    scopes: Collection[str] = (),
) -> list[dict[str, Any]]:
    """The answers of `rows`; each name of `expand` replaces an id by its object. A query per name.

    Raises Fault for a name that there is not, and (403) for an object that `scopes` don't let their holder read.
    """
    names = _wanted(asked.get("expand", ""), expandable or {})
    for name in names:
        _check_scope(name, expandable or {}, scopes)
    return _expanded(rows, shape, names, expandable or {})


def _expanded(
    rows: Sequence[Any],
    shape: type[serializers.Serializer[Any]],
    names: Sequence[str],
    expandable: Expandable,
) -> list[dict[str, Any]]:
    shown = [plain(row, shape) for row in rows]
    for name in dict.fromkeys(name.partition(".")[0] for name in names):
        how = expandable[name]
        if isinstance(how, Attached):
            found = how.read(rows)
            for row, answer in zip(rows, shown, strict=True):
                answer[name] = found.get(row.pk, how.empty)
            continue
        inner = [deep.partition(".")[2] for deep in names if deep.startswith(f"{name}.")]
        wanted = {getattr(row, how.attr) for row in rows} - {None}
        there = list((how.rows or how.model._default_manager.all)().filter(pk__in=wanted)) if wanted else []
        made = _expanded(there, how.shape, inner, how.inner)
        by_id = {each.pk: answer for each, answer in zip(there, made, strict=True)}
        for row, answer in zip(rows, shown, strict=True):
            answer[name] = by_id.get(getattr(row, how.attr), answer.get(name))
    return shown


def _names(expandable: Expandable) -> list[str]:
    """All that can be asked for, `plan.creator` too."""
    found = []
    for name, how in expandable.items():
        found.append(name)
        found += [f"{name}.{deep}" for deep in _names(how.inner)] if isinstance(how, Expansion) else []
    return found


def _wanted(text: str, expandable: Expandable) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    known = _names(expandable)
    for name in names:
        if name not in known:
            told = ", ".join(known) or "nothing"
            raise Fault(400, "invalid_request", "expand_unknown", f"{name!r} can't be expanded here; {told} can",
                        param="expand")  # fmt: skip
    return list(dict.fromkeys(names))


def _check_scope(name: str, expandable: Expandable, scopes: Collection[str]) -> None:
    """What a key may not read it may not have by way of another object either: each step of `plan.creator` counts."""
    step, _, deep = name.partition(".")
    how = expandable[step]
    if not isinstance(how, Expansion):
        return  # a part of the row itself
    wanted = f"{how.resource}:read"
    if not allow(scopes, wanted):
        raise Fault(403, "permission_error", "scope_missing", f"This key does not have the scope {wanted}, which "
                    f"expanding {step} needs.", param="expand")  # fmt: skip
    if deep:
        _check_scope(deep, how.inner, scopes)


def _write(pk: UUID) -> str:
    return base64.urlsafe_b64encode(pk.bytes).decode().rstrip("=")


def _read(text: str) -> UUID:
    try:
        found = UUID(bytes=base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        found = None
    if found is None or _write(found) != text:  # base64 is read leniently: `!` is left out
        raise Fault(400, "invalid_request", "cursor_invalid", "`after` is no cursor of ours; take `next_cursor`",
                    param="after")  # fmt: skip
    return found


def next_url(request: Request, cursor: str) -> str:
    """The same list from `cursor` on."""
    query = request.query_params.copy()
    query["after"] = cursor
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
