"""Whether finalize has something to do: one probe for the tick."""

from __future__ import annotations

from engine.core import clock, sql


def waiting() -> bool:
    """True if a draft is due to be opened. Reads. Index: invoices_to_finalize."""
    params = {"machine_now": clock.machine_now()}
    return bool(sql.rows(sql.statement(__file__, "drafts_waiting"), params))
