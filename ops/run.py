"""One whole run by hand, in this process: bill what is due, send it, look it up, apply what was said.

Workers do the same from wake-ups; any number of both may run at once (I10).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

from billing import cycle
from engine.core import clock, sql
from engine.core.ids import uuid7
from engine.ledger import rollup
from payments import cancel
from payments.callbacks import work as inbox
from payments.pipeline import apply, driver, lanes, verify
from payments.pipeline.lanes import Lane, Worked

SOON = timedelta(seconds=15)  # an outcome that is looked up this soon is waited for
_PAUSE = 0.2

Silent = dict[str, str]  # by provider: why it could not be asked
Say = Callable[[Counter[str]], None]


class Outcome(NamedTuple):
    """Payments that were answered in this run, by what became of them (settled, unknown, parked, ...)."""

    outcome: str
    currency: str
    payments: int
    amount_minor: int


class Ran(NamedTuple):
    """Counts of the work done here, what became of what was answered meanwhile, and who is stopped.

    `idle`: nothing was left that would move on soon; otherwise the time was over. `silent`: providers that could
    not be asked in the end, and why.
    """

    counts: dict[str, int]
    outcomes: list[Outcome]
    stopped: list[str]
    idle: bool
    silent: Silent


def run(*, clocks: Sequence[int], seconds: float, batch: int = 500, say: Say | None = None) -> Ran:
    """Work until idle or until `seconds` are over (a lane that is at work ends by itself). Commits, calls out.

    Waits for outcomes that are looked up within 15 s, not for funds. Raises Refusal for an unknown clock.
    """
    until, first = time.monotonic() + seconds, uuid7()
    total: Counter[str] = Counter()
    idle, silent = False, Silent()
    while not idle and time.monotonic() < until:
        done = _bill(clocks, until, batch) + settle_lanes(until, silent)
        total += done
        if say:
            say(total)
        if not done:
            idle = not _open_soon()
            time.sleep(0 if idle else _PAUSE)
    return Ran(dict(total), outcomes_since(first), _stopped(), idle, silent)


def settle_lanes(until: float, silent: Silent) -> Counter[str]:
    """Send, look up and apply what is due in every lane, once; the counts. Commits, calls out. Keeps `silent`."""
    done = Counter(callbacks=inbox.work(seconds=until - time.monotonic()).counts.total())
    for lane in lanes.all_lanes():
        if time.monotonic() < until:
            worked = driver.drive(lane)
            done += Counter(sent=worked.done, unanswered=worked.unanswered)
            _hear(lane, worked, silent)
            done += _apply()
    return done + look_up(lanes.all_lanes(), until, silent)


def look_up(chosen: Sequence[Lane], until: float, silent: Silent) -> Counter[str]:
    """Look up what is due in these lanes and apply what was said; the counts. Commits, calls out. Keeps `silent`."""
    done: Counter[str] = Counter()
    for lane in chosen:
        if time.monotonic() < until:
            worked = verify.verify(lane)
            done += Counter(looked_up=worked.done, unanswered=worked.unanswered)
            _hear(lane, worked, silent)
    done += _apply()
    rollup.roll_up()
    return +done


def _apply() -> Counter[str]:
    """What was said becomes state, and what was told to stop is taken back: the two that workers do as one task."""
    return Counter(applied=apply.drain(), recalled=cancel.recall())


def outcomes_since(first: object) -> list[Outcome]:
    """What became of the payments whose evidence came after the id `first` (a uuid7). Reads."""
    found = sql.rows(sql.statement(__file__, "answered"), {"first": first})
    return [Outcome(*sql.whole(row)) for row in found]


def failure(silent: Silent) -> str:
    """Why a run that could not ask a provider has failed; "" if it has not."""
    return " ".join(f"{provider} did not answer: {why}." for provider, why in sorted(silent.items()))


def _hear(lane: Lane, worked: Worked, silent: Silent) -> None:
    if worked.silence:
        silent[lane.provider] = worked.silence.rstrip(".")
    elif worked.done:
        silent.pop(lane.provider, None)


def _bill(clocks: Sequence[int], until: float, batch: int) -> Counter[str]:
    done: Counter[str] = Counter()
    for clock_id in clocks:
        claimed = cycle.claim(clock_id, batch=batch, until=until)
        done += Counter(claimed=claimed.claimed, held=claimed.held)
    opened = cycle.finalize(batch=batch, until=until)
    return done + Counter(
        finalized=opened.finalized, payments=opened.payments, voided=opened.voided, drafts_held=opened.held
    )


def _open_soon() -> bool:
    moving = [lane for lane in lanes.all_lanes() if not lanes.stopped(lane.provider)]
    params = {
        "operations": [lane.operation for lane in moving],
        "providers": [lane.provider for lane in moving],
        "soon": clock.machine_now() + SOON,
    }
    return bool(sql.rows(sql.statement(__file__, "open_soon"), params))


def _stopped() -> list[str]:
    return sorted({lane.provider for lane in lanes.all_lanes() if lanes.stopped(lane.provider)})
