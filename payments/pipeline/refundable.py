"""Refunds that may leave: not of a charge that its provider took back, or its payer by a dispute, or may yet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from engine.core import sql
from engine.providers.base import Hold, HoldKind
from payments.pipeline import hold, stop

DISPUTED = ("charge_disputed", "Its payer disputes the charge: that is decided first.")
LOST = ("charge_lost", "Its payer had the charge back by a dispute: given back as well, it would go twice.")


def may_leave(payment_ids: Iterable[UUID], *, machine_at: datetime) -> list[UUID]:
    """Of the locked payments those that nothing speaks against. Writes in the caller's transaction.

    What is gone is told to stop. What is disputed waits, where it is scheduled, until that is decided; in flight it is
    left out, and looked up on.
    """
    ids = stop.without_charge_gone(payment_ids)
    found: dict[UUID, bool] = (
        dict(sql.rows(sql.statement(__file__, "charges_disputed"), {"ids": ids})) if ids else {}
    )
    stop.tell(sorted(one for one, gone in found.items() if gone), code=LOST[0], reason=LOST[1])
    waits = [Hold(one, HoldKind.PROVIDER, *DISPUTED) for one, gone in found.items() if not gone]
    hold.write(waits, machine_at=machine_at)
    return [one for one in ids if one not in found]
