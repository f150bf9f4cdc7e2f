"""A provider that answers at once with a final success: what is left is the engine's own cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from engine.core.ids import uuid7s
from engine.providers.base import Asked, Finding, Hold, Outcome, Payable, Prepared, Sendable, Sheet

NAME = "instant"
ENVELOPE = bytes(400)  # as long as a signed pull


class Instant:
    """Takes no time, uses no network, refuses nothing."""

    name = NAME

    def __init__(self) -> None:
        self.sheet = Sheet(
            provider=NAME,
            operations=("charge",),
            pulls=True,
            settlement="direct",
            resend_same_identity=("charge",),
            identity_seconds=None,
            unique_reference=("charge",),
            lookup_by_identity=True,
            lookup_batch=256,
            absence_after=0,
            absence_certain=("charge",),
            cancel=False,
            reversible=False,
            currencies=("USDC",),
            concurrency=100_000,
        )

    def context(self, payables: Sequence[Payable]) -> Any:
        return None

    def prepare(self, payables: Sequence[Payable], context: Any) -> list[Prepared | Hold]:
        ids = uuid7s(len(payables))
        return [
            Prepared(payable.payment_id, str(identity), ENVELOPE, {"steps": ["pay"]})
            for payable, identity in zip(payables, ids, strict=True)
        ]

    def committing(self, prepared: Sequence[Prepared]) -> Sequence[Hold]:
        return ()

    def submit(self, sendable: Sendable) -> Finding:
        return Finding(
            Outcome.SUCCEEDED,
            movement_id=sendable.identity,
            gross_minor=sendable.amount_minor,
            currency=sendable.currency,
        )

    def lookup(self, asked: Sequence[Asked]) -> dict[UUID, Finding]:
        return {
            one.attempt_id: Finding(
                Outcome.SUCCEEDED,
                movement_id=one.identity,
                gross_minor=one.amount_minor,
                currency=one.currency,
            )
            for one in asked
        }
