"""Before the due date: methods are checked against what they will be asked for, and payers are warned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from engine.providers.abilities import ApprovalFound
from payments.methods.found import find, store
from payments.models import PaymentMethod


class Need(NamedTuple):
    """What a method will be asked for, in minor units, and when first (business time)."""

    method_id: UUID
    needed_minor: int
    due_at: datetime | None = None


def check(needs: Sequence[Need]) -> list[tuple[UUID, ApprovalFound]]:
    """Check methods against what they will be asked for, and warn of those that would fail.

    Calls out, then writes and commits per method: balance, allowance, what is wrong, and an event
    `payment_method.warning` for each trouble once per due date. Raises Refusal when the provider does not answer.
    """
    methods = PaymentMethod.objects.in_bulk([need.method_id for need in needs])
    results = []
    for need in needs:
        method = methods.get(need.method_id)
        if method is None or method.state == PaymentMethod.State.REMOVED:
            continue
        found = find(method, need.needed_minor)
        store(method, found, activate=False, due_at=need.due_at)
        results.append((need.method_id, found))
    return results
