"""Invoice numbers: gapless per series, in order of issue, given after finalize and before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection, transaction

from engine.core import clock, sql
from engine.core.packed import packed
from engine.outbox.emit import NewEvent, emit
from payments.pipeline import points


class Numbered(NamedTuple):
    """How many numbers were given, and the series that another process was numbering."""

    given: int
    skipped: list[str]


def number_invoices(*, batch: int = 5000) -> Numbered:
    """Give the next numbers of each series to what was issued. Commits per batch; any number may run.

    Drafts and drafts that were voided have none; a void invoice keeps its own.
    """
    given = 0
    skipped = []
    for (series,) in sql.rows(sql.statement(__file__, "series_to_number")):
        count: int | None = batch
        while count == batch:
            count = _number(series, batch)
            given += count or 0
        if count is None:
            skipped.append(series)
    return Numbered(given, skipped)


def _number(series: str, most: int) -> int | None:
    """Number one batch of a series in a short transaction of its own; None if another process does."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            if not sql.lock_advisory(cursor, f"billing.numbering.{series}"):
                return None
        params: dict[str, object] = {"series": series, "most": most}
        ids = [invoice for (invoice,) in sql.rows(sql.statement(__file__, "next_to_number"), params)]
        if not ids:
            return 0
        params = {"series": series, "count": len(ids)}
        ((last,),) = sql.rows(sql.statement(__file__, "count_series"), params)
        numbers = range(last - len(ids) + 1, last + 1)
        params = {"ids": packed(ids), "numbers": packed(numbers)}
        given = _tell(sql.rows(sql.statement(__file__, "number_invoices"), params))
        points.reach(points.NUMBERS_BEFORE_COMMIT)
    points.reach(points.NUMBERS_COMMITTED)
    return given


def _tell(numbered: Sequence[tuple[Any, ...]]) -> int:
    """Write the event of each, in the caller's transaction; how many."""
    now = clock.machine_now()
    times = clock.business_times({row[2] for row in numbered}, now)
    events = []
    for invoice, version, clock_id, correlation, subscription, customer, creator, series, number in numbered:
        payload = {"invoice_id": invoice, "subscription_id": subscription, "customer_id": customer,
                   "creator_id": creator, "series": series, "number": number}  # fmt: skip
        events.append(
            NewEvent("invoice.numbered", "invoice", invoice, version, clock_id, times[clock_id], correlation, payload)
        )  # fmt: skip
    emit(events, machine_at=now)
    return len(events)
