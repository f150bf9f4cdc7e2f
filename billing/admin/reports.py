"""A day's figures, as the maintenance wrote them."""

from __future__ import annotations

from django.contrib import admin

from billing import models
from engine.core.readonly import ReadOnly


@admin.register(models.DailyReport)
class DailyReportAdmin(ReadOnly):
    list_display = ("day", "currency", "succeeded", "succeeded_minor", "failed", "canceled", "fee_minor",
                    "average_seconds")  # fmt: skip
    date_hierarchy = "day"
    search_fields = ()
