"""What a provider says of our money there: what moved, and what of it was paid into our bank."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One movement as the provider's own statement has it. Minor units; `amount_minor` above 0 came to us."""

    movement_id: str
    at: datetime
    currency: str
    amount_minor: int
    fee_minor: int
    provider_ref: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a provider paid into our bank by itself, as it stands now. Minor units; `amount_minor` is what came there:
    `gross_minor` less `fee_minor` and what else was kept. `status` is the provider's own word."""

    settlement_ref: str
    made_at: datetime
    settled_at: datetime
    currency: str
    gross_minor: int
    fee_minor: int
    amount_minor: int
    status: str
