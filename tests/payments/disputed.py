"""A dispute in the books, as a look found it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from engine.core.ids import uuid7
from payments.models import Dispute


def dispute_of(payment_id: UUID | None) -> Dispute:
    """A row alone, for pages: nothing is booked. None: no payment bears it."""
    at = datetime(2026, 2, 1, tzinfo=UTC)
    return Dispute.objects.create(
        id=uuid7(), payment_id=payment_id, provider="scripted", dispute_ref=f"dp_{uuid7().hex}", currency="USDC",
        amount_minor=1, counted_minor=0, fee_minor=0, reason="fraudulent", case_id=uuid7(), opened_at=at,
        looked_at=at, created_at=at,
    )  # fmt: skip
