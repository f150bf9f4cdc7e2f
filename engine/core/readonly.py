"""The base of every admin page: rows are shown, verbs change them; roles say who sees it, verbs who may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.admin import TabularInline as UnfoldTabularInline

from engine.core import flower
from engine.core.actor import Actor, Role, of_user
from engine.core.columns import column
from engine.core.ids import named
from engine.core.listing import InfinitePaginator
from engine.core.money import MAX_MINOR
from engine.core.timeline import Moment

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin, TabularInline = UnfoldModelAdmin, UnfoldTabularInline

Rows = QuerySet[Any]


def actor(request: HttpRequest) -> Actor:
    """Who is at this page; their groups are read once a request."""
    known: Actor | None = getattr(request, "clearbeat_actor", None)
    if known is None:
        known = request.clearbeat_actor = of_user(request.user)  # type: ignore[attr-defined]
    return known


def page_of(table: str, key: object) -> str:
    """The admin page of one row: `payments_payment` and its key."""
    return reverse(f"admin:{table}_change", args=[key])


def list_of(table: str, key: object) -> str:
    """The admin's list of what the search box finds for `key`."""
    return f"{reverse(f'admin:{table}_changelist')}?{urlencode({'q': str(key)})}"


def in_flower(task_id: str) -> list[tuple[str, str]]:
    """The link to a Celery task, where Flower's address and the task are known."""
    page = flower.page_of_task(task_id)
    return [("its task in Flower", page)] if page else []


def key_of(model: type[Model], text: str) -> Any:
    """The primary key that a form or a URL names. None for what can't be one of this table's."""
    try:
        found = None if "\0" in text else model._meta.pk.to_python(text)  # type: ignore[union-attr]
    except ValidationError:
        return None
    return None if isinstance(found, int) and abs(found) > MAX_MINOR else found


class Shown:
    """Nothing is typed into a row. Every role sees it; so does who was given Django's own permission to."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if actor(request).role >= Role.VIEWER:
            return True
        return bool(super().has_view_permission(request, obj))  # type: ignore[misc]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


class ReadOnly(Shown, ModelAdmin):
    """A page of rows, newest first, that costs the same at a million rows: no count, no sort without an index.

    `ids` are the columns that an id may stand in, each with an index; `named` finds by anything else.
    """

    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = InfinitePaginator
    ordering = ("-pk",)
    sortable_by = ()
    search_fields: ClassVar[list[str] | tuple[str, ...]] = ("pk",)
    search_help_text = "id"
    ids: tuple[str, ...] = ("pk",)
    list_filter_sheet = False
    change_form_outer_before_template = "clearbeat/before.html"

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Each on one line."""
        return [column(self.model, name) for name in super().get_list_display(request)]

    def get_search_results(self, request: HttpRequest, queryset: Rows, search_term: str) -> tuple[Rows, bool]:
        """The rows that a term names, found by index: their keys first, then the rows."""
        term = search_term.strip().replace("\0", "")
        if not term:
            return queryset, False
        return queryset.filter(pk__in=self.keys(term)), False

    def keys(self, term: str) -> set[Any]:
        """The primary keys of the rows that `term` names. Reads by index."""
        key, found = named(term), set()
        if key is not None:
            for column in self.ids:
                rows = self.model._base_manager.filter(**{column: key}).order_by("-pk")
                found |= set(rows.values_list("pk", flat=True)[:500])
        return found

    def sentence(self, row: Any) -> str:
        """One plain sentence about the row's state, for the top of its page."""
        return ""

    def timeline(self, row: Any) -> list[Moment]:
        """What happened to it, oldest first."""
        return []

    def links(self, row: Any) -> list[tuple[str, str]]:
        """(words, admin page) of what belongs to the row."""
        return []

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return None if "\0" in object_id else super().get_object(request, object_id, from_field)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """A condition of the URL that no query can hold (a year 99999) is left out, as Django does with others."""
        try:
            return super().changelist_view(request, extra_context)
        except (ValueError, OverflowError):
            if request.method != "GET" or "e" in request.GET:
                raise
            return HttpResponseRedirect(f"{request.path}?e=1")

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "",
                    extra_context: dict[str, Any] | None = None) -> HttpResponse:  # fmt: skip
        row = self.get_object(request, object_id)
        if row is not None and self.has_view_permission(request, row):
            more = {"sentence": self.sentence(row), "timeline": self.timeline(row), "links": self.links(row),
                    "row": row}  # fmt: skip
            extra_context = {**(extra_context or {}), **more}
        return super().change_view(request, object_id, form_url, extra_context)


class ReadOnlyInline(Shown, TabularInline):
    """Rows that belong to one above them."""

    extra = 0
    can_delete = False
    show_change_link = True
