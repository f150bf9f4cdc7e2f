"""Send the same identity again: through mark sent too, by compare-and-set on the old fence."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.db import transaction

from engine.core import clock, sql
from engine.core.crypt import unseal
from engine.providers.base import Provider, Sendable, Sheet
from payments.pipeline import mark_sent, park, points, refundable, siblings, spans
from payments.pipeline.lanes import Lane
from payments.pipeline.mark_sent import Marked

if TYPE_CHECKING:
    from payments.pipeline.verify import Looked


def mark(
    provider: Provider, lane: Lane, looked: Sequence[Looked], *, free: int, task_id: str = ""
) -> list[Marked]:
    """Commit a new send of each attempt whose fence is still the one that was looked up.

    Commits. Who lost the fence to another worker is left out, and who may not be sent again (siblings.py); the
    evidence of the earlier sends stays valid.
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
                "payments": _free(provider.sheet, lane, [one.payment_id for one in chosen], now),
                "ids": [one.attempt_id for one in chosen],
                "olds": [one.fence for one in chosen],
                "news": [fences[one.attempt_id] for one in chosen],
                "send_by": send_by,
                "task_id": task_id,
                "look_at": send_by + timedelta(seconds=spans.deadline(provider.sheet)),
            },
        )
        opened = {row[0]: _open(row[2]) for row in won}
        by_id = {one.attempt_id: one for one in chosen}
        shut = [by_id[attempt_id].payment_id for attempt_id, envelope in opened.items() if envelope is None]
        park.park(shut, "no key of FIELD_KEYS opens what is to be sent again", machine_at=now)
        points.reach(points.RESEND_BEFORE_COMMIT)
    points.reach(points.RESEND_COMMITTED)
    return [
        _marked(row[0], row[1], envelope, by_id[row[0]], lane, fences[row[0]], boot)
        for row in won
        if (envelope := opened[row[0]]) is not None
    ]


def _free(sheet: Sheet, lane: Lane, payment_ids: Sequence[UUID], now: datetime) -> list[UUID]:
    """The payments, locked in id order, that may leave again: nothing is in question that would collect twice."""
    params = {"ids": list(payment_ids), "absence_certain": lane.operation in sheet.absence_certain}
    free = siblings.may_be_sent_again(dict(sql.rows(sql.statement(__file__, "lock_resend"), params)))
    return refundable.may_leave(free, machine_at=now) if lane.operation == "refund" else free


def _open(sealed: bytes) -> bytes | None:
    try:
        return unseal(sealed)
    except InvalidToken:
        return None


def _marked(
    attempt_id: UUID, send_no: int, envelope: bytes, one: Looked, lane: Lane, fence: int, boot: float
) -> Marked:
    sendable = Sendable(
        attempt_id, one.payment_id, send_no, lane.operation, one.identity, envelope, one.data, one.amount_minor,
        one.currency, one.instructions, one.known,
    )  # fmt: skip
    return Marked(sendable, fence, boot)
