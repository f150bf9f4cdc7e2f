"""How customers pay."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from engine.core import columns
from engine.core.listing import ByDay
from engine.core.readonly import ReadOnly
from payments import find
from payments.models import PaymentMethod


@admin.register(PaymentMethod)
class PaymentMethodAdmin(ReadOnly):
    list_display = ("id", "customer_id", "provider", "currency", "state", "known_by", "is_default", "check_code",
                    "checked_at")  # fmt: skip
    list_filter = (ByDay,)
    search_help_text = "id of a method or its customer, wallet, e-mail"

    def get_exclude(self, request: HttpRequest, obj: PaymentMethod | None = None) -> tuple[str, ...]:
        """Of a card people see its label. A gateway's token and the payer's page are nobody's to see."""
        return ("details", "setup_url") if obj is not None and obj.setup_kind else ()

    @admin.display(description="known by")
    def known_by(self, method: PaymentMethod) -> str:
        return columns.one_line(method.known_by)

    def keys(self, term: str) -> set[Any]:
        return find.methods(term)
