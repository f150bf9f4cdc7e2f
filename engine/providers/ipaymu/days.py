"""The history a day at a time, for links whose life is over: a day too long for one look is read on by the next.

What stood in a day's list when its reading began is found by the end of it: rows that come meanwhile push others to
later pages, never to earlier ones. So a reading that began after a link was over says all that there is of it, however
many looks it took; and one reading serves every link that was over by then. Remembered by this process alone: another
begins anew.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from engine.providers.base import ProviderUnavailable
from engine.providers.ipaymu import history
from engine.providers.ipaymu.account import Account
from engine.providers.ipaymu.transaction import JAKARTA, number_of

KEPT = timedelta(days=7)  # a reading, from when it began
NAMED_MAX = 10_000  # references whose numbers are remembered


class Span(NamedTuple):
    """Of a link: when it was asked for, and when it was over, so that nothing can be begun on it any more."""

    asked_at: datetime
    over_at: datetime

    def days(self) -> list[date]:
        """Those on which what it led to may have been made, by iPaymu's clock."""
        first = min(self.asked_at, self.over_at) - history.SKEW
        since, until = first.astimezone(JAKARTA).date(), self.over_at.astimezone(JAKARTA).date()
        return [since + timedelta(days=n) for n in range((until - since).days + 1)]


class Found(NamedTuple):
    """Numbers of transactions by our references. `whole`: those of which all is known; `cut`: those of which it never
    will be, because the list is too long for one look and does not keep its order from one to the next."""

    numbers: dict[str, set[str]]
    whole: set[str]
    cut: set[str]


@dataclass(slots=True)
class Reading:
    """One day, read page by page from the first."""

    began_at: datetime
    numbers: dict[str, set[str]] = field(default_factory=dict)
    pages: int = 0
    complete: bool = False
    _first: int = 0  # the number that the page before began with
    _rises: bool = True
    _falls: bool = True

    @property
    def ordered(self) -> bool:
        """Whether it comes by its numbers so far: only then it may be read over several looks."""
        return self._rises or self._falls

    def take(self, page: history.Page) -> None:
        """The next page of it."""
        self.pages += 1
        numbers = [number_of(row) for row in page.rows]
        for row, number in zip(page.rows, numbers, strict=True):
            self.numbers.setdefault(str(row.get("ReferenceId") or ""), set()).add(number)
        each = [int(number or 0) for number in numbers]
        before = [self._first] if self.pages > 1 else []
        self._rises = self._rises and each == sorted(each) and before <= each[:1]
        self._falls = (
            self._falls and each == sorted(each, reverse=True) and (not before or before >= each[:1])
        )
        self._first = each[0] if each else self._first
        self.complete = page.is_last(self.pages)


class Days:
    """What this process has read: of each day the last reading that is complete, and one that is not yet."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._complete: dict[date, Reading] = {}
        self._begun: dict[date, Reading] = {}
        self._named: dict[str, set[str]] = {}
        self._guard = threading.Lock()

    def named(self, reference: str) -> set[str]:
        """The numbers that were read under a reference, in whichever look: none of them goes away again."""
        with self._guard:
            return set(self._named.get(reference, ()))

    def name(self, found: Mapping[str, set[str]]) -> None:
        """Remember them: the look that read them may end before it could ask what they are."""
        with self._guard:
            self._remember(found)

    def find(self, asked: Mapping[str, Span], *, now: datetime) -> Found:
        """What was made under these references, all of them over by `now`.

        Calls out, `history.PAGES_MAX` times at most. Raises ProviderUnavailable where not a single page could be read.
        """
        with self._guard:
            self._forget(now - KEPT)
            left = history.PAGES_MAX
            try:
                for day, needed in sorted(_needed(asked).items()):
                    left = self._read(day, needed, now, left)
            except ProviderUnavailable:
                if left == history.PAGES_MAX:
                    raise
                # What was read stays, and the next look goes on there.
            found = self._found(asked)
            self._remember(found.numbers)
            return found

    def _forget(self, since: datetime) -> None:
        for kept in (self._complete, self._begun):
            for day in [day for day, one in kept.items() if one.began_at < since]:
                del kept[day]

    def _read(self, day: date, needed: datetime, now: datetime, left: int) -> int:
        """Go on with the day, or begin it anew where the last reading began too early; how many pages are left."""
        known = self._complete.get(day)
        if known is not None and known.began_at >= needed:
            return left
        reading = self._begun.get(day)
        if reading is None or not reading.ordered:
            reading = self._begun[day] = Reading(now)
        while left > 0:
            reading.take(history.page_of(self._account, day, reading.pages + 1))
            left -= 1
            if reading.complete:
                self._complete[day] = self._begun.pop(day)
                break
        return left

    def _remember(self, found: Mapping[str, set[str]]) -> None:
        for reference, numbers in found.items():
            self._named[reference] = self._named.pop(reference, set()) | {each for each in numbers if each}
        for oldest in list(self._named)[: max(0, len(self._named) - NAMED_MAX)]:
            del self._named[oldest]

    def _found(self, asked: Mapping[str, Span]) -> Found:
        found = Found({}, set(), set())
        for reference, span in asked.items():
            days = span.days()
            read = [kept[day] for kept in (self._complete, self._begun) for day in days if day in kept]
            numbers = set[str]().union(*(one.numbers.get(reference, ()) for one in read))
            if numbers:
                found.numbers[reference] = numbers
            done = (self._complete.get(day) for day in days)
            if all(one is not None and one.began_at >= span.over_at for one in done):
                found.whole.add(reference)
            elif any(day in self._begun and not self._begun[day].ordered for day in days):
                found.cut.add(reference)
        return found


def _needed(asked: Mapping[str, Span]) -> dict[date, datetime]:
    """From when on a reading of each day must have begun."""
    needed: dict[date, datetime] = {}
    for span in asked.values():
        for day in span.days():
            needed[day] = max(needed.get(day, span.over_at), span.over_at)
    return needed
