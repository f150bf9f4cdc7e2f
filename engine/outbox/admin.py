"""What operators see of the outbox: every event that was written, and whether it went out. Read-only."""

from __future__ import annotations

from django.contrib import admin

from engine.core.listing import ByDay
from engine.core.readonly import ReadOnly
from engine.outbox.models import Event


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ("id", "type", "object_kind", "object_id", "seq", "occurred_at", "dispatched_at")
    list_filter = (("dispatched_at", admin.EmptyFieldListFilter), ByDay)
    search_help_text = "id of an event or of its object: payment, invoice, subscription"
    ids = ("pk", "object_id")
