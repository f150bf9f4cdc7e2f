"""The feed: every event once, in one order that never changes; whoever reads on misses none (order.py says why)."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import BigIntegerField, Expression, F, Func, Q, QuerySet, Value
from django.db.models.lookups import GreaterThan, LessThan, LessThanOrEqual

from engine.core.errors import Refusal
from engine.outbox import order
from engine.outbox.models import Event

LOOKED_AT = 2000  # events that one call looks through for those of a type
Place = tuple[int, int]
_BIG = BigIntegerField()


class Page(NamedTuple):
    """`last`: the event to read on after, None where nothing stands yet; `more`: whether to do so at once."""

    events: list[Event]
    last: UUID | None
    more: bool


def read(
    *,
    most: int,
    after: UUID | None = None,
    newest_first: bool = False,
    type: str = "",
    about: tuple[str, UUID] | None = None,
) -> Page:
    """At most `most` events after the event `after`, oldest first; of a type (`payment.*`: of all that begin so), or
    about one object. Reads by index.

    One call looks at 2000 events for a type: of a rare one a page may be short, or empty, and have more. Raises
    Refusal for an `after` that is no event, and where a restore broke the order.
    """
    rows = _standing(after, newest_first)
    edge = None
    if about is not None:
        rows = rows.filter(object_kind=about[0], object_id=about[1])
        # Few rows of one object are sorted; without the + 0 a plan might walk the feed in search of them.
        rows = rows.order_by(*_sorted(F("position") + 0, F("turn") + 0, newest_first))
    if type:
        edge = rows.values_list("position", "turn", "pk")[LOOKED_AT - 1 : LOOKED_AT].first()
        rows = _of_type(rows, type)
        if edge is not None:
            rows = rows.filter(_upto(edge[:2], newest_first))
    found = list(rows[: most + 1])
    shown, more = found[:most], len(found) > most
    if not found and edge is None and not newest_first and order.is_broken():
        raise Refusal("feed_order_broken", "the database was restored: run `manage.py rebase_events`")
    last = shown[-1].pk if shown else after
    if edge is not None and not more:
        last, more = edge[2], True
    return Page(shown, last, more)


def _standing(after: UUID | None, newest_first: bool) -> QuerySet[Event]:
    """What nothing can be put before any more, beyond `after`."""
    horizon = Func(function="engine_outbox_horizon", output_field=_BIG)
    rows = Event.objects.filter(position__lt=horizon)
    if after is not None:
        place = Event.objects.filter(pk=after).values_list("position", "turn").first()
        if place is None:
            raise Refusal(
                "cursor_invalid", "`after` is no event; take `next_cursor`, or an event's id", param="after"
            )
        beyond = LessThan if newest_first else GreaterThan
        rows = rows.filter(beyond(_PLACE, _row(*map(Value, place))))
    return rows.order_by(*_sorted(F("position"), F("turn"), newest_first))


def _upto(place: Place, newest_first: bool) -> Any:
    here = _row(*map(Value, place))
    return LessThanOrEqual(here, _PLACE) if newest_first else LessThanOrEqual(_PLACE, here)


def _of_type(rows: QuerySet[Event], type: str) -> QuerySet[Event]:
    if type.endswith(".*"):
        return rows.filter(type__startswith=type[:-1])
    return rows.filter(Q(type=type))


def _sorted(position: Any, turn: Any, newest_first: bool) -> tuple[Expression, Expression]:
    if newest_first:
        return position.desc(), turn.desc()
    return position.asc(), turn.asc()


def _row(*columns: Any) -> Func:
    """Compared as one: PostgreSQL walks events_in_order from there."""
    return Func(*columns, function="ROW", output_field=_BIG)


_PLACE = _row(F("position"), F("turn"))
