"""Send the same identity again: through mark sent too, by compare-and-set on the old fence."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from engine.core import clock, sql
from engine.core.crypt import unseal
from engine.providers.base import Provider, Sendable
from payments.pipeline import mark_sent, points, spans
from payments.pipeline.lanes import Lane
from payments.pipeline.mark_sent import Marked

if TYPE_CHECKING:
    from payments.pipeline.verify import Looked


def mark(provider: Provider, lane: Lane, looked: Sequence[Looked], *, free: int) -> list[Marked]:
    """Commit a new send of each attempt whose fence is still the one that was looked up.

    Commits. Who lost the fence to another worker is left out; the evidence of the earlier sends stays valid.
    """
    boot = clock.boot_seconds()
    with transaction.atomic():
        now = clock.machine_now()
        most = mark_sent.slots(provider.name, free=free, now=now)
        chosen = list(looked[:most])
        fences = {one.attempt_id: secrets.randbits(62) for one in chosen}
        send_by = now + timedelta(seconds=spans.window())
        won = sql.rows(
            sql.statement(__file__, "mark_resend"),
            {
                "payments": [one.payment_id for one in chosen],
                "ids": [one.attempt_id for one in chosen],
                "olds": [one.fence for one in chosen],
                "news": [fences[one.attempt_id] for one in chosen],
                "send_by": send_by,
                "look_at": send_by + timedelta(seconds=spans.deadline()),
            },
        )
        points.reach(points.RESEND_BEFORE_COMMIT)
    points.reach(points.RESEND_COMMITTED)
    by_id = {one.attempt_id: one for one in chosen}
    return [_marked(row, by_id[row[0]], lane, fences[row[0]], boot) for row in won]


def _marked(row: tuple[Any, ...], one: Looked, lane: Lane, fence: int, boot: float) -> Marked:
    attempt_id: UUID = row[0]
    send_no, envelope = row[1], unseal(row[2])
    sendable = Sendable(
        attempt_id, one.payment_id, send_no, lane.operation, one.identity, envelope, one.data, one.amount_minor,
        one.currency, one.instructions,
    )  # fmt: skip
    return Marked(sendable, fence, boot)
