"""Who owes what: every subscription that is due gets the draft of its next invoice, once.

Claim moves rows out of the due index in the transaction that inserts their drafts, so any number of
claimers, crashes and repeats end in one invoice per period (I1, I2, I10). Finalize then opens the drafts.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings

from billing import hold, isolate, moment
from billing.finalize import FinalizeResult, finalize
from billing.hold import Held
from billing.moment import Moment
from engine.core import calendar, sql
from engine.core.ids import uuid7s
from engine.core.packed import packed
from payments.pipeline import points

__all__ = ["ClaimResult", "FinalizeResult", "claim", "claim_one", "finalize"]


class ClaimResult(NamedTuple):
    """How many periods got their draft, how many subscriptions were held, in how many batches."""

    claimed: int
    held: int
    batches: int


class Due(NamedTuple):
    """A locked due subscription: the columns of claim_due.sql."""

    id: UUID
    anchor_at: datetime
    zone: str
    period_no: int
    next_due_at: datetime
    ends_at: datetime | None
    catch_up: int
    released_until: datetime | None
    interval_unit: str
    interval_count: int
    plan_active: bool


class Step(NamedTuple):
    """What becomes of one due subscription: the end of its period, when it is due next, its catch-up."""

    id: UUID
    period_end: datetime
    next_due_at: datetime | None
    catch_up: int


def claim(
    clock_id: int,
    *,
    batch: int = 1000,
    most: int | None = None,
    until: float | None = None,
    now: datetime | None = None,
) -> ClaimResult:
    """Insert the drafts of all periods due on one clock. Commits per batch; any number may run at once.

    Ends when nothing is due, after `most` rows, or when time.monotonic() passes `until`. The business
    moment is read for each batch. Raises Refusal for a `now` more than 60 s off the clock.
    """
    total: Counter[str] = Counter()
    run = moment.correlation()
    while most is None or total["found"] < most:
        size = batch if most is None else min(batch, most - total["found"])
        done = _batch(moment.read(clock_id, now=now), size, run)
        total += done + Counter(batches=1)
        if done["found"]:
            points.reach(points.CLAIM_COMMITTED)
        # Not "fewer than a batch": a subscription that is behind is due again at once.
        if not done["claimed"] + done["held"] or (until is not None and time.monotonic() >= until):
            break
    return ClaimResult(total["claimed"], total["held"], total["batches"])


def claim_one(subscription_id: UUID, at: Moment) -> ClaimResult:
    """Insert the draft of one subscription's due period, if it is due and nobody else claims it.

    Writes in the caller's transaction. Raises what its data causes, nothing is held for it.
    """
    rows = _take(at, 1, [subscription_id])
    done = _bill(rows, at, moment.correlation()) if rows else Counter()
    return ClaimResult(done["claimed"], done["held"], 1)


def _batch(at: Moment, size: int, run: UUID) -> Counter[str]:
    def set_aside(row: Due, fault: Exception) -> Counter[str]:
        bad = Held(row.id, hold.BAD_DATA, isolate.sentence(fault))
        return Counter(held=hold.hold([bad], at, correlation_id=run))

    return isolate.run(
        lambda ids: _take(at, size, ids),
        lambda rows: _bill(rows, at, run),
        set_aside,
    )


def _take(at: Moment, most: int, ids: Sequence[UUID] | None) -> list[Due]:
    params = {"clock_id": at.clock_id, "business_now": at.business, "most": most, "ids": ids}
    return [Due._make(row) for row in sql.rows(sql.statement(__file__, "claim_due"), params)]


def _bill(rows: Sequence[Due], at: Moment, run: UUID) -> Counter[str]:
    """Insert the drafts and move the periods of locked `rows`."""
    steps: list[Step] = []
    held: list[Held] = []
    for row in rows:
        decided = _decide(row, at.business)
        if isinstance(decided, Step):
            steps.append(decided)
        else:
            held.append(decided)
    inserted = _insert(steps, at, run)
    moved = [step for step in steps if step.id in inserted]
    if moved:
        sql.affected(
            sql.statement(__file__, "move_periods"),
            {
                "ids": packed(step.id for step in moved),
                "next_due_ats": packed(step.next_due_at for step in moved),
                "catch_ups": packed(step.catch_up for step in moved),
            },
        )
    held += [Held(step.id, hold.PERIOD_TAKEN, hold.TAKEN) for step in steps if step.id not in inserted]
    done = Counter(claimed=len(moved), held=hold.hold(held, at, correlation_id=run))
    points.reach(points.CLAIM_BEFORE_COMMIT)
    return done


def _insert(steps: Sequence[Step], at: Moment, run: UUID) -> set[UUID]:
    """Insert a draft for each step; the subscriptions that got theirs."""
    if not steps:
        return set()
    found = sql.rows(
        sql.statement(__file__, "insert_drafts"),
        {
            "invoice_ids": packed(uuid7s(len(steps))),
            "ids": packed(step.id for step in steps),
            "period_ends": packed(step.period_end for step in steps),
            "business_at": at.business,
            "machine_at": at.machine,
            "correlation_id": run,
        },
    )
    return {subscription for (subscription,) in found}


def _decide(row: Due, now: datetime) -> Step | Held:
    """Bill this period, or hold the subscription. Pure but for the setting."""
    if not row.plan_active:
        return Held(row.id, hold.PLAN_INACTIVE, "Subscription plan is no longer active")
    end = calendar.nth(row.anchor_at, row.period_no + 1, unit=row.interval_unit, count=row.interval_count,
                       zone=row.zone)  # fmt: skip
    if end <= row.next_due_at:
        raise ValueError(f"period {row.period_no} would end at {end} before it starts at {row.next_due_at}")
    catch_up = 0
    if end <= now and end + timedelta(seconds=settings.ENV.beat_seconds) <= now:
        # A whole period was missed, not only ended since the cycle before. One that was released counts no more.
        released = row.released_until is not None and end <= row.released_until
        catch_up = row.catch_up if released else row.catch_up + 1
        if catch_up > settings.ENV.catch_up_limit:
            return Held(row.id, hold.CATCH_UP, f"{row.catch_up} missed periods were billed in a row; the next "
                        "ones wait for an operator.")  # fmt: skip
    return Step(row.id, end, None if row.ends_at and end >= row.ends_at else end, catch_up)
