"""A look at what no schedule looks up any more, because somebody said that something became of it.

A callback is a hint: it makes a look due, and what that look finds is the evidence (I4). A success may have been taken
back, where the sheet says so; what had been given up may have been paid after all; what is parked may have ended.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from engine.core import clock, sql, wake
from engine.providers import registry
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
from payments.pipeline import asking, evidence, spans, stopping
from payments.pipeline.asking import LOOKED_IN_VAIN
from payments.pipeline.evidence import Said
from payments.pipeline.lanes import Lane, Worked

_TAKEN_BACK = (Outcome.REVERSED, Outcome.DECLINED, Outcome.REDUCED)
_MOVED_AFTER_ALL = (Outcome.SUCCEEDED, Outcome.PENDING, Outcome.REDUCED)
_CONCLUSIVE = (Outcome.SUCCEEDED, Outcome.DECLINED, Outcome.REVERSED)
_LATER = 6  # the gap of the sixth look: nobody waits for this one


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
    in_vain_since: datetime | None  # its last look said unknown, and when
    until: datetime


def make_due(attempt_ids: Sequence[UUID]) -> int:
    """A look at each of these attempts is due now; of how many. Writes in the caller's transaction.

    An open one has its next look brought forward; one that is closed, or whose payment is parked, gets a look of its
    own. What succeeded for good by its provider's sheet, or is of no configured provider, gets none.
    """
    found = Attempt.objects.filter(pk__in=list(attempt_ids), provider__in=registry.names())
    asked = [
        pk
        for pk, provider, state in found.values_list("pk", "provider", "state")
        if state != Attempt.State.SUCCEEDED or registry.get(provider).sheet.reversible
    ]
    if not asked:
        return 0
    params = {"ids": asked, "now": clock.machine_now()}
    return len(sql.rows(sql.statement(__file__, "make_look_due"), params))


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
    known = Known(row[10], json.loads(row[11]), tuple(row[12]))
    in_vain = row[14] if row[13] else None
    return Closed._make((*row[:4], json.loads(row[4]), *row[5:9], json.loads(row[9]), known, in_vain, until))


def _look(provider: Provider, lane: Lane, taken: Sequence[Closed]) -> str:
    """Ask, store the news, and be done with each that was answered. "" if the provider answered, else why not."""
    asked_at = clock.machine_now()
    asked = [one for one in taken if asking.can_be_asked(provider.sheet, one.known)]
    try:
        findings = asking.ask(provider, [_asked(one, lane) for one in asked])
    except ProviderUnavailable as fault:
        _be_done(taken, taken, fault.retry_seconds)
        return fault.message or fault.code
    old = asked_at - timedelta(seconds=spans.park_unknown())
    tired = {one.attempt_id: _in_vain(one) for one in taken if _is_tired(one, findings, old)}
    findings |= tired
    news = [(one, findings[one.attempt_id]) for one in taken if _is_news(one, findings.get(one.attempt_id))]
    evidence.store(
        [Said(one.attempt_id, one.payment_id, one.send_no, "lookup", finding) for one, finding in news],
        observed_at=asked_at,
    )
    if news:
        wake.wake("payments.apply")
    _be_done(taken, [one for one in asked if _is_unsaid(one, findings) and one.attempt_id not in tired], None)
    return ""


def _asked(one: Closed, lane: Lane) -> Asked:
    return Asked(
        one.attempt_id, one.payment_id, lane.operation, one.identity, one.data, one.amount_minor, one.fee_minor,
        one.currency, one.instructions, one.known,
    )  # fmt: skip


def _is_news(one: Closed, finding: Finding | None) -> bool:
    """True where applying it would change something, or ask a person."""
    if finding is None:
        return False
    if finding.outcome is Outcome.REDUCED and _is_known(one, finding):
        return False
    if _is_open_still(finding) != (one.in_vain_since is not None) or finding.code == LOOKED_IN_VAIN:
        return True  # from when on looks are in vain, and that they are no more
    if one.state == Attempt.State.SUCCEEDED:
        return finding.outcome in _TAKEN_BACK or _is_another_movement(one, finding)
    if one.state in states.UNRESOLVED_ATTEMPT:
        return finding.outcome in _CONCLUSIVE
    return finding.outcome in _MOVED_AFTER_ALL


def _is_known(one: Closed, finding: Finding) -> bool:
    """The same part was said to be gone before: whoever decided about it is not asked again."""
    said = Evidence.objects.filter(attempt_id=one.attempt_id, outcome=finding.outcome)
    return said.filter(message=finding.message).exists()


def _is_another_movement(one: Closed, finding: Finding) -> bool:
    """It was paid once more under the same identity. Where either names no movement, both are taken for one."""
    named, booked = finding.movement_id, one.known.movements
    return finding.outcome is Outcome.SUCCEEDED and bool(named and booked) and not {named, ""} & set(booked)


def _is_tired(one: Closed, findings: dict[UUID, Finding], old: datetime) -> bool:
    since = one.in_vain_since
    return since is not None and since < old and _is_open_still(findings.get(one.attempt_id))


def _in_vain(one: Closed) -> Finding:
    """The last look for this hint: from here on a person asks, or the next hint."""
    since = f"{one.in_vain_since:%Y-%m-%d %H:%M} UTC"
    said = f"Somebody told of it, and since {since} its provider can't say what became of it."
    return Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, LOOKED_IN_VAIN, said)


def _is_open_still(finding: Finding | None) -> bool:
    return finding is not None and finding.outcome is Outcome.UNKNOWN


def _is_unsaid(one: Closed, findings: dict[UUID, Finding]) -> bool:
    """Its provider can't say, or it was left out: no room in our limit, or no answer to it alone. No schedule would
    look it up again, so the hint would be lost."""
    return one.attempt_id not in findings or _is_open_still(findings[one.attempt_id])


def _be_done(taken: Sequence[Closed], later: Sequence[Closed], seconds: float | None) -> None:
    """No look is due any more, but for those that are asked again `later`; hints that came meanwhile stand. Commits."""
    again = clock.machine_now() + timedelta(seconds=max(spans.look(_LATER), seconds or 0.0))
    waits = {one.attempt_id for one in later}
    params = {
        "ids": [one.attempt_id for one in taken],
        "leases": [one.until for one in taken],
        "ats": [again if one.attempt_id in waits else None for one in taken],
    }
    sql.affected(sql.statement(__file__, "looked_again"), params)
