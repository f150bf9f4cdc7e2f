"""How customers pay."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from engine.core.listing import ByDay
from engine.core.readonly import ReadOnly
from payments import find, models


@admin.register(models.PaymentMethod)
class PaymentMethodAdmin(ReadOnly):
    list_display = ("id", "customer_id", "provider", "currency", "state", "check_code", "checked_at")
    list_filter = (ByDay,)
    search_help_text = "id of a method or its customer, wallet, e-mail"

    def keys(self, term: str) -> set[Any]:
        return find.methods(term)
