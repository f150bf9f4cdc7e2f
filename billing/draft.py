"""One invoice that is to be opened or collected, with all that decides how."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Draft(NamedTuple):
    """A locked invoice: the columns of take_drafts.sql and take_open.sql.

    `due_minor` is what is left to collect of an open invoice and says nothing on a draft. The method's
    columns are None where the subscription has none; `details` is JSON text.
    """

    id: UUID
    subscription_id: UUID
    customer_id: UUID
    creator_id: UUID
    clock_id: int
    period_no: int
    period_start: datetime
    period_end: datetime
    currency: str
    payments_made: int
    correlation_id: UUID | None
    due_minor: int
    state: str  # the subscription's
    ended_at: datetime | None  # the subscription's
    zone: str
    auto_pay: bool
    method_id: UUID | None
    price_minor: int
    plan_name: str
    payee: str
    fee_bps: int
    provider: str | None
    method_state: str | None
    method_currency: str | None
    details: str | None
