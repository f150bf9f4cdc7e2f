"""The door of the workers: callbacks that wait are worked, and the lanes in which a look is due are woken."""

from __future__ import annotations

from engine.core import wake
from engine.core.task import Counts, batch_task
from payments.callbacks import missed, work


@batch_task(name="payments.ask_for_callbacks")
def ask_for_callbacks() -> Counts:
    """Ask providers for what no callback brought."""
    counts = missed.ask()
    if counts["missed"]:
        wake.wake("payments.work_callbacks")
    return counts


@batch_task(name="payments.work_callbacks", quiet_when_idle=True)
def work_callbacks() -> Counts:
    """Work callbacks whose time has come."""
    worked = work.work()
    for lane in worked.lanes:
        wake.wake("payments.verify", operation=lane.operation, provider=lane.provider)
    return dict(worked.counts)
