"""What lies in suspense for a case, and the two ways out of it: docs/ledger.md, `suspense.applied` and `.returned`.

Each is booked under the key of the booking that put the money there, so that it leaves once.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from engine.core import sql
from engine.ledger.posting import Leg
from payments.models import Case, Payment

APPLIED, RETURNED = "suspense.applied", "suspense.returned"


class Held(NamedTuple):
    """One leg of a booking in suspense: `credit` is suspense, `debit` where the money came from. Of a refund, whose
    money went, the other way round."""

    source_id: UUID
    seq: int
    debit: int
    credit: int
    currency: str
    amount_minor: int


def of_case(case: Case) -> list[Held]:
    """What lies there for this case, oldest first. Reads; under the payment's lock nobody else takes it."""
    return [Held._make(row) for row in sql.rows(sql.statement(__file__, "in_suspense"), {"case": case.pk})]


def returned(held: list[Held], business_at: datetime) -> list[Leg]:
    """The mirror of what put it there."""
    return mirror(RETURNED, held, business_at)


def mirror(kind: str, held: list[Held], business_at: datetime) -> list[Leg]:
    """Leg by leg, under the key of the booking."""
    return [
        Leg(
            kind,
            one.source_id,
            one.seq,
            one.credit,
            one.debit,
            one.currency,
            one.amount_minor,
            business_at,
        )
        for one in held
    ]


def applied(payment: Payment, held: list[Held], due_minor: int, business_at: datetime) -> list[Leg]:
    """Up to `due_minor` clears the receivable, with the fee's share of that; the rest is the customer's."""
    at, suspense, sums = payment.accounts, held[0].credit, dict[UUID, int]()
    for one in held:
        sums[one.source_id] = sums.get(one.source_id, 0) + one.amount_minor
    legs, taken = [], 0
    for source, minor in sums.items():
        due = min(minor, due_minor - taken)
        fee = _fee(payment, taken + due) - _fee(payment, taken)
        taken += due
        parts = [
            (0, suspense, at["receivable"], due),
            (1, suspense, at["unapplied"], minor - due),
            (2, at["billed"], at["fee_income"], fee),
        ]
        if payment.settlement == "platform":
            parts.append((3, at["billed"], at["payable"], due - fee))
        legs += [
            Leg(APPLIED, source, seq, debit, credit, payment.currency, amount, business_at)
            for seq, debit, credit, amount in parts
            if amount > 0
        ]
    return legs


def _fee(payment: Payment, minor: int) -> int:
    """The platform's share of the first `minor` units: cumulative, so that parts add up to the whole fee."""
    return payment.fee_minor * minor // payment.amount_minor
