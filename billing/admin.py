"""What operators see of billing, and the verbs they have for what is held. The rest is only shown."""

from __future__ import annotations

from django.contrib import admin

from billing import models, operate
from engine.core.readonly import Operated, ReadOnly, ReadOnlyInline, action


class PlanVersions(ReadOnlyInline):
    model = models.PlanVersion
    fields = ("no", "price_minor", "currency", "interval_unit", "interval_count", "created_at")


class InvoiceLines(ReadOnlyInline):
    model = models.InvoiceLine
    fields = ("no", "description", "quantity", "unit_minor", "amount_minor")


@admin.register(models.Customer)
class CustomerAdmin(ReadOnly):
    list_display = ("name", "email", "wallet", "zone", "clock_id", "created_at")
    list_filter = ("clock_id",)
    search_fields = ("=id", "=wallet", "email", "name")


@admin.register(models.Creator)
class CreatorAdmin(ReadOnly):
    list_display = ("name", "wallet", "fee_bps", "created_at")
    search_fields = ("=id", "=wallet", "name")


@admin.register(models.Plan)
class PlanAdmin(ReadOnly):
    list_display = ("name", "creator", "number", "version_no", "active")
    list_filter = ("active",)
    list_select_related = ("creator",)
    search_fields = ("=id", "name", "=creator__wallet", "=creator__id")
    inlines = (PlanVersions,)


@admin.register(models.Subscription)
class SubscriptionAdmin(Operated):
    list_display = (
        "id", "customer", "plan", "state", "next_due_at", "period_no", "payments_made", "payments_failed",
        "reason", "held_reason",
    )  # fmt: skip
    list_filter = ("state", "held_code", "reason_code", "clock_id")
    list_select_related = ("customer", "plan")
    search_fields = ("=id", "=customer__id", "=customer__wallet", "=customer__email", "=creator__wallet")
    actions = (
        action("Release and bill what was missed", operate.release_held, named=True),
        action("Release and skip what was missed", operate.skip_missed, named=True),
    )


@admin.register(models.Invoice)
class InvoiceAdmin(Operated):
    list_display = (
        "label", "state", "subscription_id", "period_no", "period_start", "due_minor", "collecting_minor",
        "collected_minor", "currency", "reason", "held_reason",
    )  # fmt: skip
    list_filter = ("state", "currency", "failure_class", "reason_code", "clock_id")
    list_select_related = ("subscription",)
    search_fields = (
        "=id", "=subscription__id", "=subscription__customer__wallet", "=subscription__customer__email",
        "=number",
    )  # fmt: skip
    inlines = (InvoiceLines,)
    actions = (action("Release draft", operate.release_draft, named=True),)

    @admin.display(description="invoice", ordering="number")
    def label(self, invoice: models.Invoice) -> str:
        return f"{invoice.series}{invoice.number}" if invoice.number else f"({invoice.pk})"


@admin.register(models.NumberSeries)
class NumberSeriesAdmin(ReadOnly):
    list_display = ("series", "last")


@admin.register(models.DailyReport)
class DailyReportAdmin(ReadOnly):
    list_display = (
        "day", "currency", "succeeded", "succeeded_minor", "failed", "canceled", "fee_minor", "average_seconds",
    )  # fmt: skip
    list_filter = ("currency",)
    date_hierarchy = "day"
