"""Ask for money once: turn what is owed into scheduled payments. The pipeline does the rest.

The caller reserves the amount at its source (an invoice's `collecting`) in the same transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from engine.core import sql
from engine.core.ids import uuid7s
from engine.core.packed import packed
from engine.ledger import accounts
from engine.ledger.chart import Kind
from engine.outbox.emit import NewEvent, emit
from engine.providers import registry


@dataclass(frozen=True, slots=True)
class Charge:
    """One obligation to collect. Amounts in minor units; `due_at` and `grace_until` are business time.

    `no` is the n-th payment for that source; `queue_key` what is pulled from one at a time (`queue_of`).
    """

    source_kind: str
    source_id: UUID
    no: int
    provider: str
    clock_id: int
    method_id: UUID | None
    queue_key: UUID
    due_at: datetime
    grace_until: datetime
    currency: str
    amount_minor: int
    fee_minor: int
    instructions: Mapping[str, Any]
    customer_id: UUID
    creator_id: UUID
    correlation_id: UUID | None


# Ids, numbers and moments: what goes to the database as array literals.
_PLAIN = (
    "source_id", "no", "clock_id", "method_id", "queue_key", "due_at", "grace_until", "amount_minor", "fee_minor",
    "correlation_id",
)  # fmt: skip


def queue_of(provider: str, instructions: Mapping[str, Any], method_id: UUID) -> UUID:
    """The key of what money is pulled from: the `source` that the method's provider named, else the method itself.

    Methods may share a source (a wallet added twice, two customers of one wallet): together they are one queue.
    """
    source = instructions.get("source")
    return uuid5(NAMESPACE_OID, f"{provider}:{source}") if source else method_id


def schedule(charges: Sequence[Charge], *, machine_at: datetime) -> list[UUID]:
    """Create a scheduled payment for each charge; their ids in the same order.

    Writes in the caller's transaction. Raises IntegrityError where the source has an open payment or one
    of that number already (I1), Refusal for an unknown provider.
    """
    if not charges:
        return []
    ids = uuid7s(len(charges))
    frozen = _freeze_accounts(charges)
    sql.rows(
        sql.statement(__file__, "schedule_payments"),
        {
            "ids": packed(ids),
            **sql.columns(charges, "source_kind", "provider", "currency"),
            **{name: packed(column) for name, column in sql.columns(charges, *_PLAIN).items()},
            "settlement": [registry.get(charge.provider).sheet.settlement for charge in charges],
            "instructions": json.dumps([charge.instructions for charge in charges]),
            "accounts": json.dumps(frozen),
            "machine_at": machine_at,
        },
    )  # fmt: skip
    emit([_event(*pair) for pair in zip(ids, charges, strict=True)], machine_at=machine_at)
    return ids


def _event(payment_id: UUID, charge: Charge) -> NewEvent:
    payload = {
        "payment_id": payment_id,
        "state": "scheduled",
        "amount_minor": charge.amount_minor,
        "currency": charge.currency,
        "source": [charge.source_kind, charge.source_id],
        "provider": charge.provider,
    }
    # Told at the due date on the payer's clock: it is what the customer's timeline shows.
    return NewEvent("payment.scheduled", "payment", payment_id, 1, charge.clock_id, charge.due_at,
                    charge.correlation_id, payload)  # fmt: skip


def _freeze_accounts(charges: Sequence[Charge]) -> list[dict[str, int]]:
    """The ledger accounts of each charge, by role."""
    wanted = [_keys(charge) for charge in charges]
    found = accounts.ensure(key for keys in wanted for key in keys.values())
    return [{role: found[key] for role, key in keys.items()} for keys in wanted]


def _keys(charge: Charge) -> dict[str, accounts.Key]:
    currency = charge.currency
    creators = Kind.SETTLED_DIRECT
    if registry.get(charge.provider).sheet.settlement == "platform":
        creators = Kind.PAYABLE
    return {
        "receivable": accounts.Key(Kind.RECEIVABLE, currency, charge.customer_id),
        "unapplied": accounts.Key(Kind.UNAPPLIED, currency, charge.customer_id),
        "billed": accounts.Key(Kind.BILLED, currency, charge.creator_id),
        creators.value: accounts.Key(creators, currency, charge.creator_id),
        "clearing": accounts.Key(f"{Kind.CLEARING}:{charge.provider}", currency),
        "fee_income": accounts.Key(Kind.FEE_INCOME, currency),
        "suspense": accounts.Key(Kind.SUSPENSE, currency),
    }
