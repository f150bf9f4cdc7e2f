"""What a callback names, and what is to be done about it: rows in, a turn out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings

from engine.core import sql
from engine.providers import registry
from engine.providers.base import Outcome
from payments.pipeline.hinted import Told
from payments.pipeline.lanes import Lane

_BUSY_MOST_SECONDS, _UNKNOWN_MOST_SECONDS = 30.0, 900.0
# The callback of a success is worked within moments of it. What is worked later tells of something else, as does what
# names another payment under the same identity, for a page may be paid twice, and what says that it was taken back: we
# may be the last to know that it was paid.
_MOMENTS = timedelta(seconds=60)
_MAY_COME_BACK = ("refund", "payout")


class Taken(NamedTuple):
    """A callback in our hands until `lease`. `tries`: takes that failed or ended in no turn, this one included."""

    id: UUID
    provider: str
    identity: str
    provider_ref: str
    dispute_ref: str
    setup_ref: str
    says: str
    refusal: str
    tries: int
    received_at: datetime
    lease: datetime


class Named(NamedTuple):
    """The attempt that a callback names, and those of what is given back of it.

    `known`: what its provider calls it is known to have succeeded, so it tells of no second payment.
    `busy`: one of them is being sent, or what was said of it is being applied. `refund_states` are in their order.
    """

    attempt_id: UUID
    attempt_state: str
    resolved_at: datetime | None
    payment_id: UUID
    operation: str
    known: bool
    busy: bool
    refunds: Sequence[UUID]
    refund_states: Sequence[str]


class Look(NamedTuple):
    """An attempt that is to be looked up, who does that, and what was told of it."""

    told: Told
    lane: Lane


class Turn(NamedTuple):
    """What becomes of a callback that is still ours. `again_at`: it waits until then; `back`: so many takes count no
    more."""

    id: UUID
    lease: datetime
    state: str
    said: str
    attempt_id: UUID | None = None
    payment_id: UUID | None = None
    again_at: datetime | None = None
    back: int = 0


def find(taken: Sequence[Taken]) -> dict[UUID, Named]:
    """What each callback names, by its id; those that name no attempt of ours are left out. Reads."""
    columns = sql.columns(taken, "id", "provider", "identity", "provider_ref")
    columns["method"] = [_method_of(one.setup_ref) for one in taken]
    return {row[0]: Named(*row[1:]) for row in sql.rows(sql.statement(__file__, "find_attempts"), columns)}


def _method_of(setup_ref: str) -> UUID | None:
    """The method whose set-up has this reference; any text may stand there."""
    try:
        return UUID(hex=setup_ref)
    except ValueError:
        return None


def waits(one: Taken, said: str, *, now: datetime, seconds: float, failed: bool = False) -> Turn:
    """It is taken again so many seconds later. Only what `failed` counts as a try."""
    back = 0 if failed else one.tries
    return Turn(one.id, one.lease, "waiting", said, again_at=now + timedelta(seconds=seconds), back=back)


def growing(one: Taken, now: datetime, *, most: float) -> float:
    """Seconds until the next take, growing by half with the callback's age: 1 at first, at last `most`."""
    return min(max((now - one.received_at).total_seconds() / 2, 1.0), most)


def ends(one: Taken, state: str, said: str) -> Turn:
    """Nothing more is done. One that is not believed stays refused, whatever it led to."""
    return Turn(one.id, one.lease, "refused" if one.refusal else state, said)


def of_attempt(one: Taken, named: Named, now: datetime) -> tuple[Turn, list[Look]]:
    """What becomes of one that names an attempt, and what is to be looked at now.

    A charge and its refunds are looked up alike: some providers tell of a refund by its charge alone.
    """
    if named.busy:
        seconds = growing(one, now, most=_BUSY_MOST_SECONDS)
        turn = waits(one, "its attempt is being sent or applied: that goes first", now=now, seconds=seconds)
        return _about(turn, named), []
    back = Lane("refund", one.provider)
    looks = [
        Look(Told(attempt, _news_end(one, state)), back)
        for attempt, state in zip(named.refunds, named.refund_states, strict=True)
    ]
    said = "what is given back of it is looked up now"
    if _may_tell(one, named, now):
        ref = "" if named.known else one.provider_ref
        end = _news_end(one, named.attempt_state, other=bool(ref))
        looks.append(Look(Told(named.attempt_id, end, ref), Lane(named.operation, one.provider)))
        said = f"its attempt ({named.attempt_state}) is looked up now"
    elif not looks:
        said = "what it names had succeeded already"
    return _about(ends(one, "done", said), named), looks


def _about(turn: Turn, named: Named) -> Turn:
    return turn._replace(attempt_id=named.attempt_id, payment_id=named.payment_id)


def _may_tell(one: Taken, named: Named, now: datetime) -> bool:
    """Whether a look may show anything new: of a success only that it was taken back."""
    if named.attempt_state != "succeeded":
        return True
    if not registry.get(one.provider).sheet.reversible:
        return False
    late = named.resolved_at is None or now > named.resolved_at + _MOMENTS
    back = one.says == Outcome.REVERSED or named.operation in _MAY_COME_BACK
    return late or back or not named.known


def _news_end(one: Taken, state: str, *, other: bool = False) -> str:
    """The end that it tells of, where an attempt in `state` has not had it; "" of what is not believed.

    `other`: it names another payment than the known one.
    """
    if one.refusal:
        return ""
    if state == "succeeded":
        return one.says if other or one.says != "succeeded" else ""
    if state in ("declined", "not_sent"):
        return one.says if one.says == "succeeded" else ""
    return one.says


def of_nothing(one: Taken, now: datetime) -> Turn:
    """What becomes of one that names no attempt of ours, so far as we know.

    An identity of ours is committed before anything leaves (I3); a provider's own id is known from its answer on, and
    its callback may be faster.
    """
    if one.refusal:
        return ends(one, "refused", "it names nothing of ours, and is not believed")
    references = one.identity or one.provider_ref or one.dispute_ref or one.setup_ref
    if not references:
        return ends(one, "done", "nothing in it is about a payment")
    old = one.received_at + timedelta(seconds=settings.ENV.callback_unknown_seconds) <= now
    if one.identity or old:
        return ends(one, "unknown", "it names nothing of ours")
    seconds = growing(one, now, most=_UNKNOWN_MOST_SECONDS)
    return waits(one, "it names nothing of ours yet; it is looked for again", now=now, seconds=seconds)
