"""What operators see of the tables of providers and of the edge."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from engine.core.readonly import ReadOnly, Rows
from engine.providers.models import AccessToken, Destination


@admin.register(Destination)
class DestinationAdmin(ReadOnly):
    list_display = ("payee", "mint", "payment_id", "signature", "last_valid_block_height")
    search_fields = ()


@admin.register(AccessToken)
class AccessTokenAdmin(ReadOnly):
    list_display = ("name", "fetched_at", "expires_at", "leased_until")
    exclude = ("sealed", "lease")
    search_fields = ()

    def get_queryset(self, request: HttpRequest) -> Rows:
        return super().get_queryset(request).defer("sealed")  # not even encrypted
