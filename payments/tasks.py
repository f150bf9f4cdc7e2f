"""Doors: wake-ups name a lane, never rows; each takes its own next batch until the lane is empty."""

from __future__ import annotations

from engine.core import wake
from engine.core.task import Counts, batch_task, task_id
from engine.ledger import rollup
from payments import cancel, disputes, methods
from payments.pipeline import apply, driver, missed, verify
from payments.pipeline.lanes import Lane


@batch_task(name="payments.send", quiet_when_idle=True)
def send(operation: str, provider: str) -> Counts:
    """Send what is due in the lane."""
    return {"sent": driver.drive(Lane(operation, provider), task_id=task_id()).done}


@batch_task(name="payments.verify", quiet_when_idle=True)
def look_up(operation: str, provider: str) -> Counts:
    """Look up what has no final outcome in the lane."""
    worked = verify.verify(Lane(operation, provider), task_id=task_id())
    return {"looked_up": worked.done, "unanswered": worked.unanswered}


@batch_task(name="payments.look_now")
def look_now() -> Counts:
    """Look up what is open and was not to be asked about for long; the next tick wakes its lanes."""
    return {"made_due": missed.look_now()}


@batch_task(name="payments.apply", quiet_when_idle=True)
def apply_evidence() -> Counts:
    """Turn stored evidence into state, postings and events; take back what was told to stop."""
    applied = apply.drain()
    recalled = cancel.recall()
    if applied:
        wake.wake("payments.roll_up")
    return {"applied": applied, "recalled": recalled}


@batch_task(name="payments.disputes", quiet_when_idle=True)
def look_at_disputes() -> Counts:
    """Ask how disputes stand, for what no callback told."""
    return disputes.watch()


@batch_task(name="payments.roll_up", quiet_when_idle=True)
def roll_up() -> Counts:
    """Add open ledger deltas to the balances."""
    return {"rolled_up": rollup.roll_up()}


@batch_task(name="payments.work_methods", quiet_when_idle=True)
def work_methods() -> Counts:
    """Look at set-ups of payment methods, and have gateways forget removed ones."""
    return dict(methods.work())
