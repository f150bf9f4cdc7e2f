"""Ends of payments of which an earlier attempt was paid: given up, and paid late (design 4), in one transaction.

Such a payment never ends as failed, and nobody hears that nothing was collected: its money stands in unapplied.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from engine.core import sql
from payments.pipeline.decision import PAID_EARLIER, Decision
from payments.pipeline.rows import Row

Decided = list[tuple[Row, Decision]]
CODE = "paid_earlier"
_GIVEN_UP = ("failed", "canceled")


def identities(payment_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The identity under which each of these locked payments was paid; who was not paid is left out. Reads."""
    ids = list(payment_ids)
    return dict(sql.rows(sql.statement(__file__, "paid_attempts"), {"ids": ids})) if ids else {}


def ends(decided: Sequence[tuple[Row, Decision]]) -> tuple[Decided, Decided]:
    """The decisions with such an end as a cancel, and the late successes that follow these. Reads."""
    given_up = [row.payment_id for row, d in decided if d.payment in _GIVEN_UP]
    paid = identities(given_up)
    first, then = [], []
    for row, decision in decided:
        if decision.payment in _GIVEN_UP and row.payment_id in paid:
            row = row._replace(stop_code=CODE, stop_reason=PAID_EARLIER)
            decision = replace(decision, payment="canceled")
            then.append(_late(row, paid[row.payment_id]))
        first.append((row, decision))
    return first, then


def _late(row: Row, identity: str) -> tuple[Row, Decision]:
    """The step after the cancel: booked it was when it was found, with the amount that was asked."""
    after = row._replace(
        payment_state="canceled", version=row.version + 1, identity=identity, gross_minor=row.amount_minor,
        failure_class="", code="", message="",
    )  # fmt: skip
    return after, Decision("late", payment="succeeded_late")
