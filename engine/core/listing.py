"""Lists of any length: pages without a count, filters that ask nothing, days by the time in the ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold import paginator

from engine.core import clock
from engine.core.ids import first_at

# (value, label, condition); the condition of one that must be asked for is a function.
Choice = tuple[str, str, Q | Callable[[], Q]]
_FIRST_YEAR, _LAST_YEAR = 1970, 2200  # what an id can carry, and far enough
PAGES = 200  # further back is a filter's or a day's business


class InfinitePaginator(paginator.InfinitePaginator):
    """Pages that nobody counted: the next one exists if this one is full. Unfold's pages know it by its name."""

    @property
    def count(self) -> int:
        return PAGES * self.per_page


def one_of(
    title: str,
    parameter: str,
    choices: Callable[[], Iterable[Choice]],
    *,
    offered: Callable[[HttpRequest], bool] = lambda request: True,
) -> type[SimpleListFilter]:
    """A filter of named conditions, each with an index of its own; asks the database nothing to be drawn.

    One that has no index is `offered` beside another filter alone, which leaves it few rows; else it does nothing.
    """

    class OneOf(SimpleListFilter):
        def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
            return [(key, label) for key, label, _ in choices()] if offered(request) else []

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            for key, _, wanted in choices():
                if key == self.value():
                    return queryset.filter(wanted() if callable(wanted) else wanted)
            return queryset

    OneOf.title, OneOf.parameter_name = title, parameter
    return OneOf


class ByDay(SimpleListFilter):
    """Year, month, day (machine time, UTC), by the primary key: a uuid7 carries when it was made."""

    title, parameter_name = "made (UTC)", "made"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        now = clock.machine_now()
        days = [(now - timedelta(days=n)).date().isoformat() for n in (0, 1)]
        first = [(days[0], "today"), (days[1], "yesterday"), ("-7", "last 7 days"), ("-30", "last 30 days")]
        return first + self._deeper(now)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        span = _span(self.value() or "")
        if span is None:
            return queryset
        return queryset.filter(pk__gte=first_at(span[0]), pk__lt=first_at(span[1]))

    def _deeper(self, now: datetime) -> list[tuple[str, str]]:
        """Years, or what the chosen year or month is divided into."""
        chosen = self.used_parameters.get(self.parameter_name) or ""
        span = _span(chosen)
        if span is None or chosen.startswith("-"):
            return [(str(now.year - n), str(now.year - n)) for n in range(3)]
        year, months = f"{span[0]:%Y}", [f"{span[0]:%Y}-{n:02}" for n in range(1, 13)]
        if len(chosen) == 4:
            return [(year, year), *((month, month) for month in months)]
        last = _span(chosen[:7])
        days = (last[1] - last[0]).days if last else 0
        return [(year, year), (chosen[:7], chosen[:7]), *((d, d) for d in _days(chosen[:7], days))]


def _days(month: str, count: int) -> list[str]:
    return [f"{month}-{n:02}" for n in range(1, count + 1)]


def _span(text: str) -> tuple[datetime, datetime] | None:
    """From and until: `2026`, `2026-11`, `2026-11-21`, or `-7`: the last seven days. None for anything else."""
    try:
        if text.startswith("-"):
            now = clock.machine_now()
            return now - timedelta(days=min(int(text[1:]), 3650)), now + timedelta(minutes=5)
        parts = [int(part) for part in text.split("-")]
        year, month, day = (*parts, *(1, 1)[len(parts) - 1 :])
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            return None
        first = datetime(year, month, day, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    if len(parts) == 1:
        return first, first.replace(year=first.year + 1)
    if len(parts) == 2:
        return first, (first + timedelta(days=32)).replace(day=1)
    return first, first + timedelta(days=1)
