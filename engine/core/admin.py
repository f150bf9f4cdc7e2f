"""What operators see of the clocks."""

from __future__ import annotations

from django.contrib import admin

from engine.core.models import Clock
from engine.core.readonly import ReadOnly


@admin.register(Clock)
class ClockAdmin(ReadOnly):
    list_display = ("id", "kind", "name", "offset_seconds", "lease_until", "stands_at")
    list_filter = ("kind",)
    search_fields = ()
