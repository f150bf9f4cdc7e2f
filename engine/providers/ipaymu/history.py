"""The merchant's history, page by page: the only way to a transaction whose number we were not told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from engine.providers.base import ProviderUnavailable
from engine.providers.edge.faults import Fault
from engine.providers.ipaymu import client
from engine.providers.ipaymu.account import Account
from engine.providers.ipaymu.transaction import local

PAGE = 20  # the most that it shows at once
PAGES_MAX = (
    100  # of one look: two thousand transactions. What that does not reach the next one reads (days.py)
)
SKEW = timedelta(minutes=10)  # between its clock and ours
# A page of 12 hours, on which a code of 24 hours is chosen at the last moment, and a day over.
LINGERS = timedelta(days=3)


_MADE = {"date": "created_at", "orderBy": "id"}  # a payment later moves no row to another day or page


class Page(NamedTuple):
    """One page, and how many there are where it is said."""

    rows: list[Mapping[str, Any]]
    pages: int | None

    def is_last(self, number: int) -> bool:
        """Whether none comes after it, the `number`th."""
        return len(self.rows) < PAGE or (self.pages is not None and number >= self.pages)


class Scan(NamedTuple):
    """The rows under our references. `complete`: nothing of that time was left unread."""

    rows: dict[str, list[Mapping[str, Any]]]
    complete: bool


def find(account: Account, asked: Mapping[str, datetime]) -> Scan:
    """What the history has under these references, each asked for at its moment. Calls out.

    Raises ProviderUnavailable where not even its first page could be read.
    """
    since, until = min(asked.values()) - SKEW, max(asked.values()) + LINGERS
    found: dict[str, list[Mapping[str, Any]]] = {}
    pages = _Pages(account, since, until)
    for page in pages:
        for row in page:
            reference = str(row.get("ReferenceId") or "")
            if reference in asked:
                found.setdefault(reference, []).append(row)
    return Scan(found, pages.complete)


def rows(account: Account, since: datetime, until: datetime) -> Iterator[Mapping[str, Any]]:
    """All that was made from `since` to `until`, and some around it. Calls out. Raises ProviderUnavailable."""
    pages = _Pages(account, since, until, whole=True)
    for page in pages:
        yield from page


def page_of(account: Account, day: date, number: int) -> Page:
    """The `number`th page of what was made on a day, oldest first. Calls out. Raises ProviderUnavailable."""
    when = {"startdate": day.isoformat(), "enddate": day.isoformat(), "order": "ASC"}
    return Page(*_page(account, {**_MADE, **when, "page": number, "limit": PAGE}))


class _Pages:
    """Pages until what is older than `since`. Newest first is how it comes, and is checked: where it is not so, the
    days' last page ends it. `whole`: a page that can't be read is raised, not only the first."""

    def __init__(self, account: Account, since: datetime, until: datetime, *, whole: bool = False) -> None:
        self.complete = False
        self._account, self._whole = account, whole
        self._since = local(since)
        self._dates = {**_MADE, "startdate": local(since)[:10], "enddate": local(until)[:10], "order": "DESC"}
        self._last = "9"  # the moment of the row before; text that sorts as the moments do
        self._sorted = True

    def __iter__(self) -> Iterator[list[Mapping[str, Any]]]:
        number = 1
        while not self.complete and (self._whole or number <= PAGES_MAX):
            try:
                page = Page(*_page(self._account, {**self._dates, "page": number, "limit": PAGE}))
            except ProviderUnavailable:
                if number == 1 or self._whole:
                    raise
                return
            self.complete = page.is_last(number) or self._is_older(page.rows)
            yield page.rows
            number += 1

    def _is_older(self, found: list[Mapping[str, Any]]) -> bool:
        for row in found:
            made = str(row.get("CreatedDate") or "")
            self._sorted = self._sorted and "2" <= made <= self._last
            self._last = made
        return self._sorted and self._last < self._since


def _page(account: Account, body: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], int | None]:
    """One page, and how many there are where it says so. Two names of its list stand in iPaymu's own material."""
    try:
        reply = client.post(account, "/history", client.written(body), operation="lookup")
    except Fault as fault:
        raise fault.unavailable() from None
    if reply.trouble:
        raise client.unavailable(reply)
    data = reply.data if isinstance(reply.data, dict) else {}
    listed = data.get("Transaction", data.get("Results"))
    if not isinstance(listed, list) or not all(isinstance(row, dict) for row in listed):
        raise ProviderUnavailable(client.Trouble.UNREADABLE.value, "iPaymu's history can't be read")
    paging = data.get("Pagination")
    pages = paging.get("total_pages") if isinstance(paging, dict) else data.get("Total_Page")
    return listed, pages if type(pages) is int else None
