"""What operators see of payments, and the verbs they have. Money and history are read-only."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join

from engine.core.readonly import ModelAdmin, Operated, Rows, Shown, TabularInline, action
from engine.providers import registry
from payments import models, operate, switches


class ByProvider(admin.SimpleListFilter):
    """The configured providers: no scan of the table for what there is."""

    title, parameter_name = "provider", "provider"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(name, name) for name in registry.names()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        return queryset.filter(provider=self.value()) if self.value() else queryset


class OfPayment(Operated):
    """Rows found by whatever names their payment. `of` is the column that holds the payment's id."""

    search_fields = ("pk",)
    search_help_text = "id of a payment, source, attempt or evidence; signature, key or movement id"
    of = "payment_id"

    def get_search_results(self, request: HttpRequest, queryset: Rows, search_term: str) -> tuple[Rows, bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(**{f"{self.of}__in": operate.find(search_term.strip())}), False


class History(Shown, TabularInline):
    extra, ordering = 0, ("pk",)


class Attempts(History):
    model = models.Attempt
    fields = ("seq", "state", "identity", "send_no", "send_by", "failure_code", "created_at", "resolved_at")
    show_change_link = True


class Said(History):
    model = models.Evidence
    fields = ("observed_at", "source", "send_no", "outcome", "code", "message", "gross_minor", "currency",
              "network_fee_minor", "provider_ref", "verdict", "applied_at")  # fmt: skip


@admin.register(models.Payment)
class PaymentAdmin(OfPayment):
    of = "pk"
    list_display = ("id", "operation", "provider", "state", "amount_minor", "currency", "waiting", "failure_code",
                    "next_action_at", "parked_reason", "due_at")  # fmt: skip
    list_filter = ("state", ByProvider, ("parked_at", admin.EmptyFieldListFilter))
    inlines = (Attempts,)
    readonly_fields = ("evidence",)
    actions = (
        action("Park", operate.park_payment, named=True),
        action("Unpark", operate.unpark, named=True),
        action("Look up now", operate.verify_now, named=True),
        action("Retry now", operate.retry_now, named=True),
    )

    @admin.display(description="evidence")
    def evidence(self, payment: models.Payment) -> str:
        """All that was said, oldest first: evidence names its payment by id alone."""
        said = models.Evidence.objects.filter(attempt__payment=payment).order_by("pk")
        rows = (
            (f"{e.observed_at:%Y-%m-%d %H:%M:%S}", e.source, e.outcome, e.code, e.message, e.verdict or "not applied")
            for e in said
        )  # fmt: skip
        return format_html_join("", "<div>{} {} <b>{}</b> {} {} <i>{}</i></div>", rows)


@admin.register(models.Attempt)
class AttemptAdmin(OfPayment):
    list_display = ("id", "payment_id", "seq", "provider", "identity", "state", "failure_code", "created_at")
    list_filter = ("state", ByProvider)
    exclude = ("envelope", "fence")
    inlines = (Said,)


@admin.register(models.Evidence)
class EvidenceAdmin(OfPayment):
    list_display = ("id", "payment_id", "source", "outcome", "code", "gross_minor", "verdict", "observed_at")
    list_filter = ("source", ("applied_at", admin.EmptyFieldListFilter))


@admin.register(models.Case)
class CaseAdmin(OfPayment):
    list_display = ("id", "kind", "payment_id", "sentence", "opened_at", "closed_at")
    list_filter = (("closed_at", admin.EmptyFieldListFilter),)


@admin.register(models.PaymentMethod)
class PaymentMethodAdmin(Operated):
    list_display = ("id", "customer_id", "provider", "currency", "state", "check_code", "checked_at")
    list_filter = ("state", ByProvider)
    search_fields = ("=id", "=customer_id")


@admin.register(models.ProviderSwitch)
class ProviderSwitchAdmin(Operated):
    list_display = ("provider", "paused", "reason", "concurrency")
    actions = (action("Pause", switches.pause, named=True), action("Resume", switches.resume, named=True))


@admin.register(models.KillSwitch)
class KillSwitchAdmin(Operated):
    list_display = ("id", "sending", "reason")
    actions = (
        action("Stop all sending", lambda pk, **said: switches.stop_sending(**said), named=True),
        action("Start sending", lambda pk, **said: switches.start_sending(**said), named=True),
    )
