"""Evidence becomes state: compare-and-set, ledger, the source's hook and the event, in one transaction.

Everything is computed from rows that the compare-and-set returned; a refused row is skipped and recorded,
so worker, callback and tick can all end here harmlessly.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction

from engine.core import clock, sql
from engine.core.errors import first_line
from engine.core.ids import uuid7s
from engine.ledger import posting
from engine.ledger.posting import Leg
from engine.outbox.emit import emit
from engine.providers import registry
from payments import sources, states
from payments.pipeline import books, paid_earlier, park, points, rows, siblings, spans, stop, telling
from payments.pipeline.decide import decide
from payments.pipeline.decision import TAKEN_BACK, TERMINAL, Decision
from payments.pipeline.rows import Row
from payments.pipeline.taken_back import left_twice

log = structlog.get_logger(__name__)
BATCH = 500
REFUSED = "refused: moved meanwhile"
REFUSED_CASE = "source_refused"
FAILED = "failed: "  # the verdict of what could not be applied, before why
Decided = list[tuple[Row, Decision]]


class NotConfigured(Exception):
    """Evidence of a provider that this process does not have: whoever has it decides, later."""


def apply(*, batch: int = BATCH) -> int:
    """Apply one batch of stored evidence; how many pieces. Commits.

    Whatever stops the batch, but for a lost connection, makes it go one by one: one payment's trouble stays
    its own. What can't be applied even so is tried again later, and is not counted. A lost connection is raised:
    nothing was committed, and the next run reads the batch again.
    """
    tried: dict[UUID, int] = {}
    try:
        with transaction.atomic():
            tried = _claim(batch)
            _work(list(tried))
            points.reach(points.APPLY_BEFORE_COMMIT)
        points.reach(points.APPLY_COMMITTED)
        return len(tried)
    except Exception as fault:
        if not tried or (sql.lost(fault) and not sql.its_own(fault)):
            raise
        log.warning("a batch of evidence goes one by one", fault=first_line(fault), count=len(tried))
    return sum(_apply_one(evidence_id, failed) for evidence_id, failed in tried.items())


def drain(*, seconds: float = 60) -> int:
    """Apply until nothing is left or `seconds` are over; how many pieces. Commits per batch."""
    until, applied = time.monotonic() + seconds, 0
    while time.monotonic() < until and (count := apply()):
        applied += count
    return applied


def _claim(most: int) -> dict[UUID, int]:
    """Unapplied evidence, the first piece of each payment: the next pieces see what it changed. With how often it was
    tried.
    """
    first: dict[UUID, tuple[UUID, int]] = {}
    params = {"most": most, "now": clock.machine_now()}
    for evidence_id, payment_id, failed in sql.rows(sql.statement(__file__, "claim_evidence"), params):
        first.setdefault(payment_id, (evidence_id, failed))
    return dict(first.values())


def _apply_one(evidence_id: UUID, failed: int = 0) -> bool:
    """One piece alone. False where it could be neither applied nor parked: it is tried again with growing waits, and
    keeps nobody else waiting. Mostly a statement of it took too long, or lost against another's lock; anything else is
    a fault of ours, which check_books lists by its age.
    """
    try:
        _book_or_park(evidence_id)
    except Exception as fault:
        if sql.lost(fault) and not sql.its_own(fault):
            raise
        say = log.warning if sql.its_own(fault) else log.error
        say("evidence is applied later", evidence=str(evidence_id), fault=first_line(fault))
        _try_later(evidence_id, failed + 1)
        return False
    return True


def _try_later(evidence_id: UUID, failed: int) -> None:
    at = clock.machine_now() + timedelta(seconds=spans.retry(failed))
    with transaction.atomic():
        sql.affected(sql.statement(__file__, "try_later"), {"id": evidence_id, "failed": failed, "at": at})


def _book_or_park(evidence_id: UUID) -> None:
    """What its source refuses is booked to suspense and parked; what fails is parked. Raises a lost connection, and
    NotConfigured.
    """
    try:
        _work_alone(evidence_id)
    except sources.HookRefused as refusal:
        reason = first_line(refusal)
    except Exception as fault:
        _park_failed(evidence_id, fault)
        return
    else:
        return
    try:
        _work_alone(evidence_id, refused=reason)
    except Exception as fault:
        _park_failed(evidence_id, fault)


def _work_alone(evidence_id: UUID, *, refused: str = "") -> None:
    """Nothing if somebody else has applied it meanwhile: applied twice, one look would count as two."""
    with transaction.atomic():
        if sql.rows(sql.statement(__file__, "claim_one_evidence"), {"id": evidence_id}):
            _work([evidence_id], refused=refused)
            points.reach(points.APPLY_ONE_BEFORE_COMMIT)
    points.reach(points.APPLY_ONE_COMMITTED)


def _park_failed(evidence_id: UUID, fault: Exception) -> None:
    if sql.lost(fault) or isinstance(fault, NotConfigured):
        raise fault
    reason = first_line(fault)
    log.error("evidence can't be applied", evidence=str(evidence_id), fault=reason)
    with transaction.atomic():
        if sql.rows(sql.statement(__file__, "claim_one_evidence"), {"id": evidence_id}):
            now = clock.machine_now()
            for row in rows.lock([evidence_id]):
                why = f"its evidence can't be applied: {reason}"
                if row.attempt_state not in states.UNRESOLVED_ATTEMPT:
                    # No worker looks it up by itself any more: until a person has, its source is not asked again.
                    siblings.tell([row.payment_id])
                    _open_cases([(row, Decision("failed", case="evidence_failed", park=why))], "", now)
                park.park([row.payment_id], why, machine_at=now, among=park.ANY)
                _mark([(row, FAILED + reason)], now)


def take_back(evidence_id: UUID) -> None:
    """Book what applied evidence says was taken back, though it had been given back before: a person says that both
    left. Writes in the caller's transaction. Raises HookRefused.
    """
    _work([evidence_id], twice=True)


def _work(evidence_ids: Sequence[UUID], *, refused: str = "", twice: bool = False) -> None:
    """Decide, move, book, tell: the caller's transaction. `refused`: the hook's message; it is not told."""
    now = clock.machine_now()
    locked = rows.lock(evidence_ids)
    times = clock.business_times((row.clock_id for row in locked), now)
    decided, late = paid_earlier.ends([(row, _decided(row, now, twice=twice)) for row in locked])
    moved = _move(decided, now)
    effective = [(row, decision) for row, decision in decided if row.payment_id in moved]
    after = [(row, decision) for row, decision in late if row.payment_id in moved]
    if after:
        _move(after, now)
    siblings.tell([row.payment_id for row, d in effective if d.case])
    stop.refunds_of([row.payment_id for row, d in effective if d.payment == "reversed"])
    legs = [_legs_of(row, d, times[row.clock_id], refused=bool(refused)) for row, d in effective]
    posting.post([leg for each in legs for leg in each], machine_at=now)
    changes = telling.changes([*effective, *after], times, now)
    if not refused:
        sources.tell(changes)
    emit(telling.events([*effective, *after], times), machine_at=now)
    _open_cases(effective, refused, now)
    _park(effective, refused, now)
    # Stands with the evidence for ever: check_books reads from it what must have been booked.
    _mark([(row, d.verdict if row.payment_id in moved else REFUSED) for row, d in decided], now)


def _decided(row: Row, now: datetime, *, twice: bool) -> Decision:
    if twice:
        return left_twice(row)
    if not registry.known(row.provider):
        raise NotConfigured(f"{row.provider} is not configured")
    return decide(row, registry.get(row.provider).sheet, now=now)


def _move(decided: Decided, now: datetime) -> set[UUID]:
    """Compare-and-set attempts, then payments; the payments whose rows were all still as decided on."""
    moving = [(row, d) for row, d in decided if d.attempt]
    done = {
        row[0] for row in sql.rows(sql.statement(__file__, "move_attempts"), _attempt_columns(moving, now))
    }
    sound = [(row, d) for row, d in decided if not d.attempt or row.attempt_id in done]
    changing = [(row, d) for row, d in sound if d.changes(row)]
    moved = {row.payment_id for row, d in sound if not d.changes(row)}
    moved |= {
        row[0]
        for row in sql.rows(sql.statement(__file__, "move_payments"), telling.payment_columns(changing, now))
    }
    ended = [row.queue_key for row, d in sound if d.payment in TERMINAL]
    if ended:
        sql.affected(sql.statement(__file__, "wake_queue"), {"keys": ended, "now": now})
    return moved


def _attempt_columns(moving: Decided, now: datetime) -> dict[str, object]:
    return {
        "ids": [row.attempt_id for row, _ in moving],
        "olds": [row.attempt_state for row, _ in moving],
        "news": [d.attempt for _, d in moving],
        "classes": [row.failure_class for row, _ in moving],
        "codes": [row.code for row, _ in moving],
        "messages": [row.message for row, _ in moving],
        "now": now,
    }


def _legs_of(row: Row, decision: Decision, at: datetime, *, refused: bool) -> list[Leg]:
    """The postings of one decision, with what the network took for it."""
    legs: list[Leg] = []
    declined = "declined" in (decision.attempt, decision.books)
    if decision.books == "reversed":
        legs = books.taken_back(row, at)
    elif decision.books == "left twice":
        legs = books.left_twice(row, at)
    if decision.payment == "reversed" or decision.verdict == TAKEN_BACK:
        return legs  # what that cost is not said apart
    if decision.books == "succeeded":
        legs = books.succeeded(row, at, refused=refused)
    elif decision.books == "late":
        legs = books.late(row, at)
    elif decision.books == "mismatch":
        legs = books.mismatch(row, at)
    elif not decision.books and not declined:
        return []
    return legs + books.network_fee(row, at, succeeded=not declined)


def _open_cases(effective: Decided, refused: str, now: datetime) -> None:
    opened = [
        (row, d.case, d.says or d.park or f"{d.verdict}: {row.message or row.identity}")
        for row, d in effective
        if d.case
    ]
    if refused:
        opened += [(row, REFUSED_CASE, _refusal(refused)) for row, _ in effective]
    if opened:
        sql.affected(
            sql.statement(__file__, "open_cases"),
            {
                "ids": uuid7s(len(opened)),
                "kinds": [kind for _, kind, _ in opened],
                "payments": [row.payment_id for row, _, _ in opened],
                "attempts": [row.attempt_id for row, _, _ in opened],
                "sentences": [sentence for _, _, sentence in opened],
                "now": now,
            },
        )


def _park(effective: Decided, refused: str, now: datetime) -> None:
    for row, decision in effective:
        reason = decision.park or (_refusal(refused) if refused else "")
        if reason:
            park.park([row.payment_id], reason, machine_at=now, among=park.ANY)


def _refusal(refused: str) -> str:
    return f"what it was for refused it: {refused}"


def _mark(applied: Sequence[tuple[Row, str]], now: datetime) -> None:
    sql.affected(
        sql.statement(__file__, "mark_applied"),
        {
            "ids": [row.evidence_id for row, _ in applied],
            "verdicts": [verdict for _, verdict in applied],
            "now": now,
        },
    )
