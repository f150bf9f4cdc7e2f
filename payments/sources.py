"""Telling what was paid for: the one way up, through the mapping in settings, in the same transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from engine.core import sql
from engine.core.errors import Refusal, first_line

log = structlog.get_logger(__name__)


class SourceChange(NamedTuple):
    """A payment reached an end (`state`: succeeded, failed, canceled, succeeded_late after one of these, or reversed
    after succeeded; paid_late where a person lets late money pay what is owed: nothing is reserved for that).

    `amount_minor` is what was reserved at the source, `settled_minor` what was collected (0 unless succeeded; less
    than 0 where that was taken back). Or, later, `refunded`: `amount_minor` of it was given back, less than 0 where the
    provider took that back. `business_at` is the moment on the payment's clock.
    """

    payment_id: UUID
    source_kind: str
    source_id: UUID
    no: int
    state: str
    currency: str
    amount_minor: int
    settled_minor: int
    failure_class: str
    failure_code: str
    failure_message: str
    clock_id: int
    business_at: datetime
    machine_at: datetime
    correlation_id: UUID | None


class HookRefused(Exception):
    """What a payment was for refuses its outcome. The money is booked all the same, to suspense."""


def tell(changes: Sequence[SourceChange]) -> None:
    """Call each source kind's hook once with its whole batch. Writes in the caller's transaction.

    Raises HookRefused where a hook refuses or fails: no fault of a source's may keep money that moved out of
    the books (I5). A lost connection alone passes as it is: the batch is read again.
    """
    by_kind: dict[str, list[SourceChange]] = defaultdict(list)
    for change in changes:
        by_kind[change.source_kind].append(change)
    for kind in sorted(by_kind):
        try:
            import_string(settings.SOURCES[kind])(by_kind[kind])
        except Refusal as refusal:
            raise HookRefused(refusal.message) from refusal
        except Exception as fault:
            if sql.lost(fault):
                raise
            log.exception("a source failed to hear what became of its payments", kind=kind)
            raise HookRefused(f"{type(fault).__name__}: {first_line(fault)}") from fault
