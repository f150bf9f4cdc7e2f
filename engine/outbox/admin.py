"""What operators see of the outbox: every event that was written, and whether it went out. Read-only."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q

from engine.core.listing import ByDay, Choice, one_of
from engine.core.readonly import ReadOnly
from engine.outbox.models import Event


def _waiting() -> list[Choice]:
    return [("no", "not yet", Q(dispatched_at__isnull=True))]


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ("id", "type", "object_kind", "object_id", "seq", "occurred_at", "dispatched_at")
    list_filter = (one_of("dispatched", "dispatched", _waiting), ByDay)
    search_help_text = "id of an event or of its object: payment, invoice, subscription"
    ids = ("pk", "object_id")
