"""Waited long enough: what its payer can still act on is called back at the provider, and then looked up again.

A call-back decides nothing. It may come too late, be lost, or never arrive, so it is the look after it that is
believed, as any other look is (I4): paid after all, open still, or gone for good.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
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
_SHARE = 1 / 3  # of a take's time: the looks around it need theirs


class Waiting(NamedTuple):
    """An open attempt: whether its payment was told to stop, and until when its payer may act.

    `act_by` is the provider's own text of that moment, "" where it named none.
    """

    asked: Asked
    created_at: datetime
    stopped: bool
    act_by: str


def call_back(
    provider: Provider, waiting: Sequence[Waiting], found: Mapping[UUID, Finding], now: datetime
) -> dict[UUID, Finding]:
    """Call back whose payer was to act by now, or is to act no more; what a look says of these afterwards. Calls out.

    `found` is what a look says of all of them. Nothing of those of a provider that can't (its sheet's `cancel`), nor of
    who was not reached, as one before it did not answer or all took too long: they are looked up later.
    """
    if not (provider.sheet.cancel and hasattr(provider, "cancel")):
        return {}
    called: list[Asked] = []
    until = time.monotonic() + spans.take() * _SHARE
    for one in waiting:
        if called and time.monotonic() >= until:
            break
        seen = found.get(one.asked.attempt_id)
        if seen and _waits(seen) and _is_over(one, seen, provider.sheet, now):
            called.append(one.asked)
            if _cancel(provider, one.asked).outcome is Outcome.UNKNOWN:
                break  # the others are not kept waiting by who does not answer
    try:
        return asking.ask(provider, called)
    except ProviderUnavailable:
        return {}


def _waits(seen: Finding) -> bool:
    return (seen.outcome, seen.code) == (Outcome.PENDING, FailureClass.PAYER_ACTION)


def _is_over(one: Waiting, seen: Finding, sheet: Sheet, now: datetime) -> bool:
    action = seen.detail.get("action") or {}
    until = _moment(str(action.get("expires_at") or one.act_by))
    if until is None and sheet.action_seconds is not None:
        until = one.created_at + timedelta(seconds=sheet.action_seconds)
    return one.stopped or (until is not None and until <= now)


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
