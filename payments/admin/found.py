"""Rows that belong to a payment are found by whatever names it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from engine.core.readonly import ReadOnly, Rows, page_of
from payments import find


class OfPayment(ReadOnly):
    """Rows found by whatever names their payment."""

    search_help_text = "an id, signature, wallet, e-mail or invoice number"

    def keys(self, term: str) -> set[Any]:
        found = find.payments(term)
        return super().keys(term) | set(self.of(found).values_list("pk", flat=True))

    def links(self, row: Any) -> list[tuple[str, str]]:
        if row.payment_id is None:
            return super().links(row)
        return [("its payment", page_of("payments_payment", row.payment_id)), *super().links(row)]

    def of(self, payments: set[UUID]) -> Rows:
        """The rows of these payments, by index."""
        return self.model._base_manager.filter(payment_id__in=payments)
