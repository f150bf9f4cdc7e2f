"""A look at what no schedule looks up any more, because somebody said that something became of it.

A callback is a hint: it makes a look due (hinted.py), and what that look finds is the evidence (I4). A success may have
been taken back, where the sheet says so; what had been given up may have been paid after all; what is parked may have
ended. No schedule would look once more: where nothing can be said it is asked again, until a person is told, and where
an end was told that the look does not show, a few more are made.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from django.db import transaction

from engine.core import clock, sql, wake
from engine.providers.base import (
    Asked,
    FailureClass,
    Finding,
    Known,
    Outcome,
    Provider,
    ProviderUnavailable,
)
from payments import states
from payments.models import Attempt, Evidence
from payments.pipeline import asking, evidence, spans, stopping, waited
from payments.pipeline.asking import LOOKED_IN_VAIN
from payments.pipeline.evidence import Said
from payments.pipeline.lanes import Lane, Worked

_TAKEN_BACK = (Outcome.REVERSED, Outcome.DECLINED, Outcome.REDUCED)
_MOVED_AFTER_ALL = (Outcome.SUCCEEDED, Outcome.PENDING, Outcome.REDUCED)
_CONCLUSIVE = (Outcome.SUCCEEDED, Outcome.DECLINED, Outcome.REVERSED)
_GONE = (*_TAKEN_BACK, Outcome.ABSENT)
log = structlog.get_logger(__name__)


class Closed(NamedTuple):
    """An attempt that this worker looks up once more; its `look_at` is `until` as long as it is its own."""

    attempt_id: UUID
    payment_id: UUID
    state: str
    identity: str
    data: dict[str, Any]
    send_no: int
    amount_minor: int
    fee_minor: int
    currency: str
    instructions: dict[str, Any]
    known: Known
    in_vain: bool  # its last look said unknown
    told_at: datetime  # since when it waits for a look that is answered
    told_end: str  # how it is said to have ended, which no look has shown
    told_ref: str
    told_looks: int  # that are still to be made for it
    until: datetime


class Next(NamedTuple):
    """When one is looked up once more, None for no more; and how many looks for an end that was told are left."""

    at: datetime | None = None
    looks: int = 0


def work(provider: Provider, lane: Lane, worked: Worked, *, until: float) -> Worked:
    """Look up the lane's closed attempts whose look is due, on top of what was `worked` before. Commits, calls out.

    `until`: this process's monotonic clock.
    """
    while time.monotonic() < until and not stopping.is_set():
        taken = take_closed(lane, most=provider.sheet.lookup_batch)
        if not taken:
            break
        silence = _look(provider, lane, taken)
        if silence:
            return Worked(worked.done, worked.unanswered + len(taken), silence)
        worked = Worked(worked.done + len(taken), worked.unanswered, worked.silence)
    return worked


def take_closed(lane: Lane, *, most: int) -> list[Closed]:
    """Closed attempts of which a look is due. Commits. What was said of a payment and is not applied goes first."""
    with transaction.atomic():
        now = clock.machine_now()
        until = now + timedelta(seconds=spans.take())
        params = {
            "operation": lane.operation,
            "provider": lane.provider,
            "now": now,
            "until": until,
            "most": most,
            "gave_up": LOOKED_IN_VAIN,
        }
        found = sql.rows(sql.statement(__file__, "take_closed"), params)
    return [_closed(row, until) for row in found]


def _closed(row: tuple[Any, ...], until: datetime) -> Closed:
    known = Known(row[10], json.loads(row[11]), tuple(row[12]), tuple(row[18]))
    return Closed._make(
        (*row[:4], json.loads(row[4]), *row[5:9], json.loads(row[9]), known, *row[13:18], until)
    )


def _look(provider: Provider, lane: Lane, taken: Sequence[Closed]) -> str:
    """Ask, store the news, and say of each when it is looked up next. "" if the provider answered, else why not."""
    asked_at, silence, patience = clock.machine_now(), "", 0.0
    asked = [one for one in taken if asking.can_be_asked(provider.sheet, one.known)]
    findings: dict[UUID, Finding] = {}
    try:
        findings |= asking.ask(provider, [_asked(one, lane) for one in asked])
    except ProviderUnavailable as fault:
        silence, patience = fault.message or fault.code, fault.retry_seconds or 0.0
    old = asked_at - timedelta(seconds=spans.park_unknown())
    tired = [one for one in asked if one.told_at < old and _is_unsaid(findings.get(one.attempt_id))]
    findings |= {one.attempt_id: _in_vain(one) for one in tired}
    news = [(one, findings[one.attempt_id]) for one in taken if _is_news(one, findings.get(one.attempt_id))]
    evidence.store(
        [Said(one.attempt_id, one.payment_id, one.send_no, "lookup", finding) for one, finding in news],
        observed_at=asked_at,
    )
    if news:
        wake.wake("payments.apply")
    turns = {one.attempt_id: _next(one, findings.get(one.attempt_id), asked_at, patience) for one in asked}
    _be_done(taken, turns)
    return silence


def _asked(one: Closed, lane: Lane) -> Asked:
    return Asked(
        one.attempt_id, one.payment_id, lane.operation, one.identity, one.data, one.amount_minor, one.fee_minor,
        one.currency, one.instructions, one.known, one.told_ref,
    )  # fmt: skip


def _is_news(one: Closed, finding: Finding | None) -> bool:
    """True where applying it would change something, or ask a person."""
    if finding is None:
        return False
    if finding.outcome is Outcome.REDUCED and _is_known(one, finding):
        return False
    if waited.waits(finding) and _is_expired(one):
        return False  # that its payer can pay still is why what they pay now is looked for, and no news
    if _is_open_still(finding) != one.in_vain or finding.code == LOOKED_IN_VAIN:
        return True  # from when on looks are in vain, and that they are no more
    if one.state == Attempt.State.SUCCEEDED:
        return finding.outcome in _TAKEN_BACK or _is_another_movement(one, finding)
    if one.state in states.UNRESOLVED_ATTEMPT:
        return finding.outcome in _CONCLUSIVE
    # Given up, and another amount is booked under it: that may be taken back.
    back = finding.outcome is Outcome.REVERSED and bool(one.known.movements)
    return back or finding.outcome in _MOVED_AFTER_ALL


def _is_known(one: Closed, finding: Finding) -> bool:
    """The same part was said to be gone before: whoever decided about it is not asked again."""
    said = Evidence.objects.filter(attempt_id=one.attempt_id, outcome=finding.outcome)
    return said.filter(message=finding.message).exists()


def _is_expired(one: Closed) -> bool:
    """It was closed by our own expiry, not by its provider."""
    said = Evidence.objects.filter(attempt_id=one.attempt_id, code=waited.NOT_ANSWERED)
    return one.state == Attempt.State.DECLINED and said.exists()


def _is_another_movement(one: Closed, finding: Finding) -> bool:
    """It was paid once more under the same identity. Where either names no movement, both are taken for one."""
    named, booked = finding.movement_id, one.known.movements
    return finding.outcome is Outcome.SUCCEEDED and bool(named and booked) and not {named, ""} & set(booked)


def _is_standing(one: Closed, movement_id: str) -> bool:
    """Booked by that name, and not known to be taken back."""
    return movement_id in one.known.movements and movement_id not in one.known.taken_back


def _in_vain(one: Closed) -> Finding:
    """The last look for this hint: from here on a person asks, or the next hint."""
    since = f"{one.told_at:%Y-%m-%d %H:%M} UTC"
    said = f"Somebody told of it, and since {since} its provider can't say what became of it."
    return Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, LOOKED_IN_VAIN, said)


def _is_open_still(finding: Finding | None) -> bool:
    return finding is not None and finding.outcome is Outcome.UNKNOWN


def _is_unsaid(finding: Finding | None) -> bool:
    """Its provider can't say, or it was left out: no room in our limit, or no answer to it alone."""
    return finding is None or _is_open_still(finding)


def _was_said(one: Closed, finding: Finding, asked_at: datetime) -> bool:
    """A look before this one found the same for the same hint; it was applied, and still stands: again helps nobody."""
    said = Evidence.objects.filter(attempt_id=one.attempt_id, source="lookup", outcome=finding.outcome)
    said = said.filter(movement_id=finding.movement_id, observed_at__gte=one.told_at)
    return said.filter(observed_at__lt=asked_at, applied_at__isnull=False).exists()


def _next(one: Closed, finding: Finding | None, asked_at: datetime, patience: float) -> Next:
    """Done with who was answered, unless an end was told that this look does not show yet, or it says of one movement
    that it was taken back: then nothing was said of what else came under the attempt."""
    now = clock.machine_now()
    if finding is None or (_is_open_still(finding) and finding.code != LOOKED_IN_VAIN):
        waited = (now - one.told_at).total_seconds()
        return Next(now + timedelta(seconds=max(spans.unsaid(waited), patience)), one.told_looks)
    standing = finding.outcome is Outcome.REVERSED and _is_standing(one, finding.movement_id)
    if standing and not _was_said(one, finding, asked_at):
        return Next(now + timedelta(seconds=spans.unsaid(0)), one.told_looks)
    if finding.code == LOOKED_IN_VAIN or not one.told_end or _shows_end(one, finding):
        return Next()
    if one.told_looks:
        wait = spans.told(spans.TOLD_LOOKS - one.told_looks)
        return Next(now + timedelta(seconds=wait), one.told_looks - 1)
    shown = finding.outcome.value
    log.warning(
        "no look shows an end that was told", attempt=str(one.attempt_id), told=one.told_end, shown=shown
    )
    return Next()


def _shows_end(one: Closed, finding: Finding) -> bool:
    if one.told_end != Outcome.SUCCEEDED:
        return finding.outcome in _GONE
    succeeded = one.state == Attempt.State.SUCCEEDED
    return _is_another_movement(one, finding) if succeeded else finding.outcome is Outcome.SUCCEEDED


def _be_done(taken: Sequence[Closed], again: Mapping[UUID, Next]) -> None:
    """No look is due any more, but for those that are looked up `again`; hints that came meanwhile stand. Commits."""
    turns = [again.get(one.attempt_id, Next()) for one in taken]
    params = {
        "ids": [one.attempt_id for one in taken],
        "leases": [one.until for one in taken],
        "ats": [turn.at for turn in turns],
        "looks": [turn.looks for turn in turns],
    }
    sql.affected(sql.statement(__file__, "looked_again"), params)
