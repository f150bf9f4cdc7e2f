"""What the tick wakes: every lane and batch that has something due, by a handful of index probes."""

from __future__ import annotations

from billing import drafts_due
from engine.core.wake import Wake
from engine.ledger import rollup
from ops.jobs import work
from payments import methods
from payments.callbacks import work as inbox
from payments.pipeline import tick


def wanted() -> list[Wake]:
    """A wake-up for whatever has work now. Reads."""
    found = tick.wanted()
    if drafts_due.waiting():
        found.append(Wake("billing.finalize_drafts"))
    if inbox.waiting():
        found.append(Wake("payments.work_callbacks"))
    if rollup.waiting():
        found.append(Wake("payments.roll_up"))
    if methods.waiting():
        found.append(Wake("payments.work_methods"))
    if work.waiting():
        found.append(Wake("ops.work_jobs"))
    return found
