"""Somebody said that something became of an attempt: a look at it is due. It moves nothing by itself (I4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from engine.core import clock, sql
from engine.providers import registry
from payments.models import Attempt
from payments.pipeline import spans


class Told(NamedTuple):
    """What was told of an attempt: `end` is how it ended, where it has not ended so yet ("succeeded", "declined",
    "reversed"), `ref` another id of its provider's than those that are known."""

    attempt_id: UUID
    end: str = ""
    ref: str = ""


def look_after(attempt_ids: Sequence[UUID]) -> None:
    """One look more at each of these, some time after we close it ourselves: who was told of by a hint that came before
    is told of no more. Commits each by itself, so that none waits for another while it is locked."""
    at = clock.machine_now() + timedelta(seconds=spans.told(spans.TOLD_LOOKS - 1))
    for attempt_id in attempt_ids:
        Attempt.objects.filter(pk=attempt_id).update(look_at=at)


def make_due(told: Sequence[Told]) -> int:
    """A look at each of these attempts is due now; of how many. Writes in the caller's transaction.

    An open one has its next look brought forward; one that is closed, or whose payment is parked, gets a look of its
    own. Where an end was told, that look is repeated until it shows it, spans.TOLD_LOOKS times at most. What succeeded
    for good by its provider's sheet, or is of no configured provider, gets none.
    """
    by_id: dict[UUID, Told] = {}
    for one in told:
        before = by_id.get(one.attempt_id, one)
        by_id[one.attempt_id] = Told(one.attempt_id, one.end or before.end, one.ref or before.ref)
    found = Attempt.objects.filter(pk__in=list(by_id), provider__in=registry.names())
    asked = [
        by_id[pk]
        for pk, provider, state in found.values_list("pk", "provider", "state")
        if state != Attempt.State.SUCCEEDED or registry.get(provider).sheet.reversible
    ]
    if not asked:
        return 0
    now = clock.machine_now()
    params = {
        **sql.columns(asked, *Told._fields),
        "now": now,
        "later": now + timedelta(seconds=spans.told(0)),
        "looks": spans.TOLD_LOOKS,
    }
    return len(sql.rows(sql.statement(__file__, "make_look_due"), params))
