"""What operators see of the outbox: every event that was written, and whether it went out. Read-only."""

from __future__ import annotations

from uuid import UUID

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from engine.core.readonly import ReadOnly, Rows
from engine.outbox.models import Event


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ("id", "type", "object_kind", "object_id", "seq", "occurred_at", "dispatched_at")
    list_filter = (("dispatched_at", admin.EmptyFieldListFilter),)
    search_fields = ("pk",)
    search_help_text = "id of an event or of its object: payment, invoice, subscription"

    def get_search_results(self, request: HttpRequest, queryset: Rows, search_term: str) -> tuple[Rows, bool]:
        if not search_term.strip():
            return queryset, False
        try:
            key = UUID(search_term.strip())
        except ValueError:
            return queryset.none(), False
        return queryset.filter(Q(pk=key) | Q(object_id=key)), False
