"""What operators see of callbacks: what came, what it led to, how much was turned away."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.utils.html import format_html

from engine.audit.preview import Operated, action
from engine.core import columns
from engine.core.listing import ByDay, Choice, one_of
from engine.core.readonly import ReadOnly, Rows, page_of
from engine.core.timeline import times
from engine.providers import registry
from payments.callbacks import again, shown
from payments.callbacks.models import AskedFor, Callback, TurnedAway


def _providers() -> list[Choice]:
    return [(name, name, Q(provider=name)) for name in registry.names()]


@admin.register(Callback)
class CallbackAdmin(Operated):
    list_display = ("id", "provider", "kind", "state", "said_", "payment_id", "deliveries", "received_at")
    list_filter = ("state", one_of("provider", "provider", _providers), ByDay)
    search_help_text = "id of a callback or its payment, the provider's event, or a reference that it names"
    ids = ("pk", "payment_id")
    exclude = ("body",)
    readonly_fields = ("content",)
    actions = (
        action("Work again", again.work_again, "What each names is looked for and looked up once more; nothing moves "
               "by it."),
    )  # fmt: skip

    def get_queryset(self, request: Any) -> Rows:
        """The list is read without bodies; a page reads its own."""
        return super().get_queryset(request).defer("body", "headers")

    def keys(self, term: str) -> set[Any]:
        named = Callback.objects.filter(provider__in=registry.names(), event_id=term)
        return super().keys(term) | set(named.values_list("pk", flat=True))

    def sentence(self, row: Callback) -> str:
        believed = f" It is not believed: {row.refusal}." if row.refusal else ""
        led_to = row.said or "not worked yet"
        return f"{row.get_state_display()}: {led_to}; it arrived {times(row.deliveries)}.{believed}"

    def links(self, row: Callback) -> list[tuple[str, str]]:
        own = [("its payment", page_of("payments_payment", row.payment_id))] if row.payment_id else []
        return [*own, *super().links(row)]

    @admin.display(description="what it led to")
    def said_(self, row: Callback) -> str:
        return columns.cut(row.said)

    @admin.display(description="body")
    def content(self, row: Callback) -> str:
        """As it came, without what could be used to pay or to sign."""
        return format_html('<pre style="white-space:pre-wrap">{}</pre>', shown.shown(bytes(row.body)))


@admin.register(AskedFor)
class AskedForAdmin(ReadOnly):
    list_display = ("provider", "asked_until")


@admin.register(TurnedAway)
class TurnedAwayAdmin(ReadOnly):
    list_display = ("hour_start", "provider", "why", "count")
