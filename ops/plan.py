"""A dry run that is the real plan (I8): claim and finalize for real, a chunk at a time, and roll it back.

It goes as far as the scheduled payment, stops before anything is signed or sent, and leaves no row behind.
Numbers of the ledger's accounts are used up; nobody counts those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from django.db import transaction

from billing import cycle, finalize, hold, isolate, moment
from billing.models import Invoice
from billing.moment import Moment
from engine.core import clock, sql
from engine.core.ids import uuid7
from engine.ledger import accounts
from payments.pipeline import lanes

CHUNK = 200
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_FIRST = UUID(int=0)


class Obligation(NamedTuple):
    """What one period would come to, by its key (subscription, period_no). Amounts in minor units.

    `provider` is empty where nothing would be collected; `reason_code` and `reason` then say why.
    """

    subscription_id: UUID
    period_no: int
    customer_id: UUID
    period_start: datetime
    state: str
    currency: str
    due_minor: int
    provider: str
    amount_minor: int
    fee_minor: int
    reason_code: str
    reason: str


class Held(NamedTuple):
    """A subscription or draft that would be set aside for an operator."""

    subscription_id: UUID
    period_no: int | None
    code: str
    reason: str


class Scheduled(NamedTuple):
    """Payments that exist already and are due to be sent."""

    provider: str
    operation: str
    currency: str
    payments: int
    amount_minor: int


@dataclass(slots=True)
class Plan:
    """All that a real run would make now. `skipped`: subscriptions another process was billing."""

    obligations: list[Obligation] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    postings: Counter[tuple[str, str]] = field(default_factory=Counter)
    posted_minor: Counter[tuple[str, str]] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    scheduled: list[Scheduled] = field(default_factory=list)
    skipped: int = 0
    complete: bool = True


def plan(
    *,
    clocks: Sequence[int],
    limit: int | None = None,
    chunk: int = CHUNK,
    say: Callable[[int], None] | None = None,
) -> Plan:
    """What a run would do for the subscriptions due on `clocks`, at most `limit` of them. Writes nothing.

    Its transactions are rolled back; while one is open, others pass over its chunk. Raises Refusal for an
    unknown clock, RuntimeError inside a transaction.
    """
    if not sql.outside_transaction():
        raise RuntimeError("a plan rolls its own transactions back and can't run inside another")
    made = Plan(scheduled=_already_scheduled())
    seen = 0
    with structlog.contextvars.bound_contextvars(dry_run=True):
        for at, due, waiting in _chunks(clocks, chunk):
            left = len(due) + len(waiting) if limit is None else limit - seen
            made.complete = len(due) + len(waiting) <= left
            _rehearse(due[:left], waiting[:left], at, made)
            seen += min(left, len(due) + len(waiting))
            if say:
                say(seen)
            if not made.complete:
                break
    return made


def _chunks(clocks: Sequence[int], size: int) -> Iterator[tuple[Moment, list[UUID], list[UUID]]]:
    """Due subscriptions of each clock, then those with nothing but drafts that wait: one list is empty."""
    for clock_id in clocks:
        after: tuple[datetime, UUID] = (_BEGINNING, _FIRST)
        while due := _due(at := moment.read(clock_id), after, size):
            yield at, [row[1] for row in due], []
            after = due[-1]
        last = _FIRST
        while waiting := _waiting(at := moment.read(clock_id), last, size):
            yield at, [], waiting
            last = waiting[-1]


def _due(at: Moment, after: tuple[datetime, UUID], size: int) -> list[tuple[datetime, UUID]]:
    place = {"clock_id": at.clock_id, "business_now": at.business, "most": size}
    place |= {"after_due": after[0], "after_id": after[1]}
    return [(row[0], row[1]) for row in sql.rows(sql.statement(__file__, "due_subscriptions"), place)]


def _waiting(at: Moment, after: UUID, size: int) -> list[UUID]:
    place = {"clock_id": at.clock_id, "business_now": at.business, "most": size, "after_id": after}
    return [row[0] for row in sql.rows(sql.statement(__file__, "waiting_drafts"), place)]


def _rehearse(due: Sequence[UUID], waiting: Sequence[UUID], at: Moment, made: Plan) -> None:
    """One chunk, until nothing of it is due, then rolled back."""
    first = uuid7()
    try:
        with transaction.atomic():
            for subscription_id in due:
                _claim(subscription_id, at, made)
            chunk = [*due, *waiting]
            drafts = sql.rows(sql.statement(__file__, "drafts_of"), {"subscriptions": chunk})
            for invoice_id, subscription_id, period_no in drafts:
                _finalize(invoice_id, subscription_id, period_no, made)
            _write_down(chunk, [row[0] for row in drafts], first, made)
            transaction.set_rollback(True)
    finally:
        # The accounts that finalize made are gone again; their ids must not be remembered.
        accounts.forget()


def _claim(subscription_id: UUID, at: Moment, made: Plan) -> None:
    periods = 0
    try:
        while True:
            with transaction.atomic():
                done = cycle.claim_one(subscription_id, at)
            periods += done.claimed + done.held
            if not done.claimed:
                break
    except isolate.BAD_ROW as fault:
        made.held.append(Held(subscription_id, None, hold.BAD_DATA, isolate.sentence(fault)))
        return
    made.skipped += not periods


def _finalize(invoice_id: UUID, subscription_id: UUID, period_no: int, made: Plan) -> None:
    try:
        with transaction.atomic():
            finalize.finalize_one(invoice_id, machine_at=clock.machine_now())
    except isolate.BAD_ROW as fault:
        reason = isolate.sentence(fault)
        made.held.append(Held(subscription_id, period_no, hold.BAD_DATA, reason))
        # As finalize holds it: the next periods of the subscription no longer wait for this one.
        Invoice.objects.filter(pk=invoice_id).update(next_action_at=None, held_reason=reason)


def _write_down(chunk: Sequence[UUID], invoices: Sequence[UUID], first: UUID, made: Plan) -> None:
    """Read what the chunk's transaction made."""
    wanted = {"subscriptions": chunk, "invoices": invoices, "first": first, "objects": [*chunk, *invoices]}
    opened = [Obligation(*row) for row in sql.rows(sql.statement(__file__, "planned"), wanted)]
    made.obligations += [each for each in opened if each.state != "draft"]
    made.held += [Held(*row) for row in sql.rows(sql.statement(__file__, "planned_holds"), wanted)]
    for kind, currency, count, minor in sql.rows(sql.statement(__file__, "planned_postings"), wanted):
        made.postings[kind, currency] += count
        made.posted_minor[kind, currency] += int(minor)
    for kind, count in sql.rows(sql.statement(__file__, "planned_events"), wanted):
        made.events[kind] += count


def _already_scheduled() -> list[Scheduled]:
    every = lanes.all_lanes()
    params = {
        "operations": [lane.operation for lane in every],
        "providers": [lane.provider for lane in every],
        "now": clock.machine_now(),
    }
    found = sql.rows(sql.statement(__file__, "already_scheduled"), params)
    return [Scheduled(*sql.whole(row)) for row in found]
