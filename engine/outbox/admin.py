"""What operators see of the outbox: every event that was written, and whether it went out. Read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from engine.outbox.models import Event

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin  # takes no parameters at run time

Rows = QuerySet[Any]


@admin.register(Event)
class EventAdmin(ModelAdmin):
    list_display = ("id", "type", "object_kind", "object_id", "seq", "occurred_at", "dispatched_at")
    list_filter = (("dispatched_at", admin.EmptyFieldListFilter),)
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-pk",)
    search_fields = ("pk",)
    search_help_text = "id of an event or of its object: payment, invoice, subscription"

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_search_results(self, request: HttpRequest, queryset: Rows, search_term: str) -> tuple[Rows, bool]:
        if not search_term.strip():
            return queryset, False
        try:
            key = UUID(search_term.strip())
        except ValueError:
            return queryset.none(), False
        return queryset.filter(Q(pk=key) | Q(object_id=key)), False
