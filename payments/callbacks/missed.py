"""The net under callbacks: what a provider had to tell and no callback brought is asked for, and put into the inbox.

An outage of ours may outlast a provider's patience with our door. It is a hint like any other: what it names is looked
up. Any number may run: an event is kept once.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

import structlog
from django.db import DataError, IntegrityError

from engine.core import clock
from engine.core.errors import Refusal, first_line
from engine.providers import registry
from engine.providers.abilities import Retelling, Told
from engine.providers.base import ProviderUnavailable
from engine.providers.unread import Unread
from payments import unread
from payments.callbacks.keep import keep
from payments.callbacks.models import AskedFor, Callback
from payments.callbacks.receive import check_mode

log = structlog.get_logger(__name__)
BATCH = 100
SPAN = timedelta(minutes=30)  # of one question: what is answered to its end is not asked again
AT_FIRST = timedelta(days=1)
KEPT = timedelta(days=30)  # longer no provider keeps what it told
ON_ITS_WAY = timedelta(minutes=5)  # a callback may still come by itself
HEADERS = {"Asked-For": "no callback brought it"}


def ask(*, seconds: float = 50) -> dict[str, int]:
    """Ask each provider that can be asked, from where the last answer ended; how many events had been missed.

    Calls out, and commits as it goes. A provider that does not answer is counted, and asked from there by the next run.
    """
    counts, end = {"missed": 0, "silent": 0}, time.monotonic() + seconds
    for name in registry.names():
        if hasattr(registry.get(name), "told"):
            try:
                counts["missed"] += _ask(name, end)
            except ProviderUnavailable as fault:
                counts["silent"] += 1
                log.warning(
                    "what was told is asked for later", provider=name, fault=fault.message or fault.code
                )
    return counts


def _ask(name: str, end: float) -> int:
    """Span by span, the oldest first. Raises ProviderUnavailable."""
    provider, missed = cast(Retelling, registry.get(name)), 0
    now = clock.machine_now()
    row, _ = AskedFor.objects.get_or_create(provider=name, defaults={"asked_until": now - AT_FIRST})
    since, last = max(row.asked_until, now - KEPT), now - ON_ITS_WAY
    while since < last and time.monotonic() < end:
        until = min(since + SPAN, last)
        missed += _take(name, provider, since, until)
        AskedFor.objects.filter(provider=name, asked_until__lt=until).update(asked_until=until)
        since = until
    return missed


def _take(name: str, provider: Retelling, since: datetime, until: datetime) -> int:
    missed, batch = 0, list[Told]()
    for one in provider.told(since, until):
        if isinstance(one, Unread):
            unread.tell(name, one)
            continue
        batch.append(one)
        if len(batch) == BATCH:
            missed += _keep(name, batch)
            batch.clear()
    return missed + _keep(name, batch)


def _keep(name: str, told: Sequence[Told]) -> int:
    """Those that are not in the inbox. Commits each."""
    events = [one.hint.event_id for one in told]
    there = set(
        Callback.objects.filter(provider=name, event_id__in=events).values_list("event_id", flat=True)
    )
    missed = [one for one in told if one.hint.event_id not in there]
    for one in missed:
        try:
            check_mode(name, [one.hint])
        except Refusal:
            continue  # said in the log
        try:
            keep(name, one.body, HEADERS, [one.hint])
        except (DataError, IntegrityError) as fault:
            # Asked again it would be the same, and what was told after it must be heard.
            unread.tell(name, Unread("event", one.hint.event_id, first_line(fault)))
    if missed:
        log.warning("callbacks had not come and were asked for", provider=name, events=len(missed))
    return len(missed)
