"""Waited long enough: what its payer can still act on is called back at the provider, and then looked up again.

So is what was made there and never begun, once it is too old to be sent again: then its absence can be proved.

A call-back decides nothing. It may come too late, be lost, or never arrive, so it is the look after it that is
believed, as any other look is (I4): paid after all, open still, or gone for good.

Where nothing can be called back, our own expiry ends it, on the word of a look that its payer alone is waited for. They
may pay all the same: that is money after the end, as everywhere.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog

from engine.core import sql
from engine.core.errors import first_line
from engine.providers.base import (
    Asked,
    FailureClass,
    Finding,
    Outcome,
    Provider,
    ProviderUnavailable,
    Sheet,
)
from payments.pipeline import asking, spans

log = structlog.get_logger(__name__)
NOT_ANSWERED = "not_answered"  # the code of our own expiry
_SHARE = 1 / 3  # of a take's time: the looks around it need theirs


class Waiting(NamedTuple):
    """An open attempt: since when there is one, since when its payer is known to be asked, whether its payment was told
    to stop, and until when its payer may act.

    `act_by` is the provider's own text of that moment, "" where it named none.
    """

    asked: Asked
    created_at: datetime
    asked_since: datetime | None
    stopped: bool
    act_by: str


def end(
    provider: Provider, waiting: Sequence[Waiting], found: Mapping[UUID, Finding], now: datetime
) -> dict[UUID, Finding]:
    """What is to be believed instead of `found`, which a look just said, of whose payer was to act by now. Calls out.

    Where its provider can (its sheet's `cancel`), it is called back, as is what was told to stop, and looked up again;
    else its time is over by our own clock, where the sheet names one.
    """
    if provider.sheet.cancel and hasattr(provider, "cancel"):
        return _call_back(provider, waiting, found, now)
    if provider.sheet.action_seconds is None:
        return {}  # it ends by the provider's own word alone
    return {
        one.asked.attempt_id: _not_answered(seen)
        for one in waiting
        if (seen := found.get(one.asked.attempt_id))
        and waits(seen)
        and _is_over(one, seen, provider.sheet, now)
    }


def _call_back(
    provider: Provider, waiting: Sequence[Waiting], found: Mapping[UUID, Finding], now: datetime
) -> dict[UUID, Finding]:
    """Nothing of who was not reached, as one before did not answer or all took too long: they are looked up later."""
    called: list[Asked] = []
    until = time.monotonic() + spans.take() * _SHARE
    for one in waiting:
        if called and time.monotonic() >= until:
            break
        seen = found.get(one.asked.attempt_id)
        if seen and _is_to_end(one, seen, provider.sheet, now):
            called.append(one.asked)
            if _cancel(provider, one.asked).outcome is Outcome.UNKNOWN:
                break  # the others are not kept waiting by who does not answer
    said = dict(found)
    with suppress(ProviderUnavailable):
        said |= asking.ask(provider, called)
    never = [
        (one.asked.attempt_id, seen)
        for one in waiting
        if (seen := said.get(one.asked.attempt_id))
        and _blames_payer(seen)
        and one.asked_since is None
        and _is_too_old(one, provider.sheet, now)
    ]
    return said | {attempt_id: _never_begun(seen) for attempt_id, seen in never}


def waits(seen: Finding) -> bool:
    """Whether its payer is waited for, and nobody else."""
    return (seen.outcome, seen.code) == (Outcome.PENDING, FailureClass.PAYER_ACTION)


def _not_answered(seen: Finding) -> Finding:
    said = "Its payer did not do in time what their bank asked of them."
    return replace(seen, outcome=Outcome.DECLINED, failure_class=FailureClass.PAYER_ACTION, code=NOT_ANSWERED,
                   message=said, retry_seconds=None)  # fmt: skip


def _blames_payer(seen: Finding) -> bool:
    return (seen.outcome, seen.failure_class) == (Outcome.ABSENT, FailureClass.PAYER_ACTION)


def _never_begun(seen: Finding) -> Finding:
    """No payer had ever been asked: no decline of theirs, whatever process called it back."""
    said = "It was made and never begun: it was called back, and can't be paid."
    return replace(seen, failure_class=FailureClass.NONE, code="never_begun", message=said)


def _is_to_end(one: Waiting, seen: Finding, sheet: Sheet, now: datetime) -> bool:
    if waits(seen):
        return one.stopped or _is_over(one, seen, sheet, now)
    is_there = seen.outcome is Outcome.MISSING and bool(seen.provider_ref)  # by name, and not begun
    return is_there and one.asked.operation in sheet.absence_certain and _is_too_old(one, sheet, now)


def _is_too_old(one: Waiting, sheet: Sheet, now: datetime) -> bool:
    """Its identity dies, and we send nothing under it any more."""
    dies = sheet.identity_seconds is not None
    return dies and one.created_at <= now - timedelta(seconds=spans.identity(sheet))


def _is_over(one: Waiting, seen: Finding, sheet: Sheet, now: datetime) -> bool:
    """Without an end that was named, they have their time from when evidence first had it that they are asked."""
    if one.asked_since is None:
        return False
    action = seen.detail.get("action") or {}
    until = _moment(str(action.get("expires_at") or one.act_by))
    if until is None and sheet.action_seconds is not None:
        until = one.asked_since + timedelta(seconds=sheet.action_seconds)
    return until is not None and until <= now


def _moment(text: str) -> datetime | None:
    """None for none, and for what can't be read: it is a provider's text."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _cancel(provider: Provider, asked: Asked) -> Finding:
    try:
        said: Finding = provider.cancel(asked)  # type: ignore[attr-defined]
    except Exception as fault:
        if sql.lost(fault):
            raise
        log.exception("a call-back raised", attempt=str(asked.attempt_id))
        return Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "cancel_raised", first_line(fault))
    log.info("called back", attempt=str(asked.attempt_id), said=said.outcome.value, code=said.code)
    return said
