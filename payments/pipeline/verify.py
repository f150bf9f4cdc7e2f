"""Unknown is left by evidence alone: look attempts up in bulk, on a growing schedule from seconds on (I4).

A look that brings news is stored as evidence and applied; one that does not only moves the next look.
What is missing while its identity may still act is sent again under the same identity; absence is read
only after `send_by` + total deadline + the sheet's `absence_after`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction

from engine.core import clock, sql, wake
from engine.providers import registry
from engine.providers.base import (
    Asked,
    Finding,
    Known,
    Outcome,
    Provider,
    ProviderUnavailable,
    Sheet,
)
from payments.pipeline import (
    asking,
    evidence,
    hinted,
    lanes,
    look_again,
    park,
    points,
    resend,
    spans,
    stopping,
    waited,
)
from payments.pipeline.evidence import Said
from payments.pipeline.lanes import Lane, Worked
from payments.pipeline.outbound import Outbound
from payments.pipeline.waited import Waiting


class Looked(NamedTuple):
    """An unresolved attempt that this worker looks up; `last` is what a look last said of it."""

    attempt_id: UUID
    payment_id: UUID
    state: str
    identity: str
    data: dict[str, Any]
    send_no: int
    fence: int
    send_by: datetime
    created_at: datetime
    amount_minor: int
    fee_minor: int
    currency: str
    instructions: dict[str, Any]
    looks: int
    until: datetime
    last: tuple[str, str, bool, bool]
    known: Known
    unknown_since: datetime
    stopped: bool  # its payment was told to stop
    act_by: str  # until when its payer may act, in the provider's text
    asked_since: datetime | None  # when it was first said that its payer is asked


def verify(lane: Lane, *, task_id: str = "") -> Worked:
    """Look up the lane's attempts whose look is due: the open ones, then the closed ones of which somebody told.

    Commits and calls out. `task_id`: as driver.drive.
    """
    worked = Worked()
    with lanes.only_driver("verify", lane) as mine:
        if not mine:
            return worked
        provider = registry.get(lane.provider)
        until = time.monotonic() + settings.ENV.lane_seconds
        while time.monotonic() < until and not stopping.is_set():
            taken = take_open(lane, most=provider.sheet.lookup_batch)
            if not taken:
                break
            points.reach(points.VERIFY_TAKEN)
            if silence := _look(provider, lane, taken, task_id):
                worked = Worked(worked.done, worked.unanswered + len(taken), silence)
            else:
                worked = Worked(worked.done + len(taken), worked.unanswered)
        return look_again.work(provider, lane, worked, until=until)


def take_open(lane: Lane, *, most: int) -> list[Looked]:
    """Attempts whose next look is due; `sent` ones past their deadline become `unknown`. Commits.

    A payment with evidence that is not applied yet is left to apply: what is known goes first.
    """
    with transaction.atomic():
        now = clock.machine_now()
        until = now + timedelta(seconds=spans.take())
        found = sql.rows(
            sql.statement(__file__, "take_open"),
            {
                "operation": lane.operation,
                "provider": lane.provider,
                "now": now,
                "until": until,
                "most": most,
            },
        )
        overdue = now - timedelta(seconds=spans.deadline(registry.get(lane.provider).sheet))
        late = [row[0] for row in found if row[2] == "sent" and row[7] <= overdue]
        sql.affected(sql.statement(__file__, "sent_is_unknown"), {"ids": late})
    return [_looked(row, until) for row in found]


def _looked(row: tuple[Any, ...], until: datetime) -> Looked:
    known = Known(row[18], json.loads(row[19]), tuple(row[20]))
    return Looked._make(
        (
            *row[:4],
            json.loads(row[4]),
            *row[5:12],
            json.loads(row[12]),
            row[13],
            until,
            row[14:18],
            known,
            *row[21:25],
        )
    )


def _look(provider: Provider, lane: Lane, taken: Sequence[Looked], task_id: str = "") -> str:
    """Ask, end what has waited for its payer long enough, store the news, send again what is missing.

    "" if the provider answered, else why it did not.
    """
    asked_at = clock.machine_now()
    readable = asked_at - timedelta(seconds=spans.absence(provider.sheet))
    try:
        findings = asking.ask(
            provider, [_asked(one, lane) for one in taken if asking.can_be_asked(provider.sheet, one.known)]
        )
    except ProviderUnavailable as fault:
        _look_later(taken, fault.retry_seconds, readable)
        return fault.message or fault.code
    findings |= waited.end(
        provider,
        [Waiting(_asked(o, lane), o.created_at, o.asked_since, o.stopped, o.act_by) for o in taken],
        findings,
        asked_at,
    )
    points.reach(points.VERIFY_LOOKED)
    hinted.look_after([one for one, said in findings.items() if said.code == waited.NOT_ANSWERED])
    news = [(o, findings[o.attempt_id]) for o in taken if _is_news(o, findings.get(o.attempt_id), readable)]
    evidence.store(
        [Said(o.attempt_id, o.payment_id, o.send_no, "lookup", finding) for o, finding in news],
        observed_at=asked_at,
    )
    if news:
        wake.wake("payments.apply")
    told = {one.attempt_id for one, _ in news}
    rest = [one for one in taken if one.attempt_id not in told]
    again = _to_send_again(provider, lane, rest, findings)
    _send_again(provider, lane, again, task_id)
    sent = {one.attempt_id for one in again}
    _look_later([one for one in rest if one.attempt_id not in sent], None, readable)
    return ""


def _asked(one: Looked, lane: Lane) -> Asked:
    return Asked(
        one.attempt_id, one.payment_id, lane.operation, one.identity, one.data, one.amount_minor, one.fee_minor,
        one.currency, one.instructions, one.known, looks=one.looks,
    )  # fmt: skip


def _is_news(one: Looked, finding: Finding | None, readable: datetime) -> bool:
    """True where applying it would change something. Absence that may not be read yet is none."""
    if finding is None:
        return False
    if finding.outcome is Outcome.ABSENT:
        return one.send_by <= readable
    if finding.outcome in (Outcome.SUCCEEDED, Outcome.DECLINED, Outcome.REVERSED):
        return True  # final, and the attempt is unresolved still: an earlier piece could not be applied
    if finding.outcome is Outcome.MISSING:
        return one.state == "pending"
    parks = bool(finding.detail.get("park"))
    return (finding.outcome.value, finding.code, finding.provisional, parks) != one.last


def _to_send_again(
    provider: Provider, lane: Lane, rest: Sequence[Looked], findings: dict[UUID, Finding]
) -> list[Looked]:
    """Only operations that act once however often they are sent: a second refund may give back twice."""
    if lane.operation not in provider.sheet.resend_same_identity:
        return []
    wait = timedelta(seconds=spans.absence(provider.sheet))
    now = clock.machine_now()
    # Too old: the identity may be dead at the provider, or it has been missing for so long that a person is
    # asked. Looking later parks it in the end.
    oldest = now - timedelta(seconds=spans.identity(provider.sheet) - spans.settles(provider.sheet))
    missing = [
        one
        for one in rest
        if one.send_by + wait < now and _is_missing(provider.sheet, one, findings.get(one.attempt_id))
    ]
    young = [one for one in missing if one.created_at > oldest]
    return young + _after_all(provider.sheet, [one for one in missing if one.created_at <= oldest], now)


def _after_all(sheet: Sheet, old: Sequence[Looked], now: datetime) -> list[Looked]:
    """Of what is too old, whose identity never dies and what nobody told to stop: once where nothing was sent for so
    long that it was we who were away, and as long as a person who let it go on is not asked again."""
    if sheet.identity_seconds is not None:
        return []
    since = now - timedelta(seconds=spans.park_unknown())
    let_go = _unparked_since(since, [one.payment_id for one in old])
    return [one for one in old if not one.stopped and (one.send_by < since or one.payment_id in let_go)]


def _is_missing(sheet: Sheet, one: Looked, finding: Finding | None) -> bool:
    """Looked for in vain; or there is no looking for it, and only the reply to the same identity tells."""
    if finding is None:
        return one.state == "unknown" and not asking.can_be_asked(sheet, one.known)
    return finding.outcome is Outcome.MISSING


def _send_again(provider: Provider, lane: Lane, again: Sequence[Looked], task_id: str) -> None:
    """The same identity once more: a new send under a new fence, through mark sent like the first."""
    if not again or lanes.stopped(lane.provider):
        return
    with Outbound(provider, threads=min(lanes.threads(), len(again))) as outbound:
        for start in range(0, len(again), outbound.threads):
            chunk = again[start : start + outbound.threads]
            for marked in resend.mark(provider, lane, chunk, free=outbound.free, task_id=task_id):
                outbound.put(marked)
            while outbound.free < outbound.threads:
                outbound.collect(seconds=1.0)


def _look_later(looked: Sequence[Looked], seconds: float | None, readable: datetime) -> None:
    """Move the next look, further each time; what stays unknown too long is parked for a person. Commits.

    Nobody is asked about what was sent again so lately, after `readable`, that its absence says nothing yet.

    What its provider has and calls pending is not unknown, however long that takes: ops/gauges.py tells its age.

    What another looks up by now, or what went on, is left alone.
    """
    if not looked:
        return
    now = clock.machine_now()
    with transaction.atomic():
        found = sql.rows(
            sql.statement(__file__, "look_later"),
            {
                "ids": [one.payment_id for one in looked],
                "leases": [one.until for one in looked],
                "ats": [now + timedelta(seconds=max(spans.look(one.looks), seconds or 0)) for one in looked],
            },
        )
        mine = {row[0] for row in found}
        old = now - timedelta(seconds=spans.park_unknown())
        tired = [
            one.payment_id
            for one in looked
            if one.payment_id in mine
            and _is_unknown(one)
            and one.unknown_since < old
            and one.send_by <= readable
        ]
        # Whom a person let go on since is asked about again only when that has lasted as long.
        let_go = _unparked_since(old, tired)
        asked = [payment_id for payment_id in tired if payment_id not in let_go]
        park.park(asked, "its outcome has been unknown for too long", machine_at=now)
    points.reach(points.LOOK_LATER_COMMITTED)


def _is_unknown(one: Looked) -> bool:
    return one.state != "pending" or one.last[0] in (Outcome.UNKNOWN, Outcome.MISSING)


def _unparked_since(since: datetime, payment_ids: Sequence[UUID]) -> set[UUID]:
    """Whom a person let go on since."""
    if not payment_ids:
        return set()
    params = {"ids": list(payment_ids), "since": since}
    return {row[0] for row in sql.rows(sql.statement(__file__, "unparked_since"), params)}
