"""What operators see of single providers' tables."""

from __future__ import annotations

from django.contrib import admin

from engine.core.readonly import ReadOnly
from engine.providers.models import Destination


@admin.register(Destination)
class DestinationAdmin(ReadOnly):
    list_display = ("payee", "mint", "payment_id", "signature", "last_valid_block_height")
    search_fields = ()
