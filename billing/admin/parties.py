"""Who pays and who is paid: customers and creators."""

from __future__ import annotations

from django.contrib import admin

from billing import find, models
from billing.admin.found import Found, lists_of
from engine.core.listing import ByDay


@admin.register(models.Customer)
class CustomerAdmin(Found):
    list_display = ("name", "email", "wallet", "zone", "clock_id", "created_at")
    list_filter = (ByDay,)
    search_help_text = "id, wallet or e-mail"

    def links(self, row: models.Customer) -> list[tuple[str, str]]:
        return lists_of(
            row.pk, "billing_subscription", "billing_invoice", "payments_payment", "payments_paymentmethod"
        )


@admin.register(models.Creator)
class CreatorAdmin(Found):
    list_display = ("name", "wallet", "fee_bps", "created_at")
    search_help_text = "id, wallet or a part of the name"
    finder = staticmethod(find.creators)
