"""What stands on an invoice. Both functions take a batch of drafts and return its lines in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from billing.draft import Draft


class Line(NamedTuple):
    """`quantity` x `unit_minor` = `amount_minor`, minor units of the invoice's currency."""

    invoice_id: UUID
    no: int
    description: str
    quantity: int
    unit_minor: int
    amount_minor: int


def plain(drafts: Sequence[Draft]) -> list[Line]:
    """The lines of plans that have a price and nothing else: one each. Pure."""
    return [
        Line(draft.id, 1, describe(draft), 1, draft.price_minor, draft.price_minor)
        for draft in drafts
    ]  # fmt: skip


def composed(drafts: Sequence[Draft]) -> list[Line]:
    """The lines of any plan, put together per invoice from all its parts. Pure.

    A part with nothing to say yields nothing; usage, tax and credits are further parts.
    """
    made: list[Line] = []
    for draft in drafts:
        entries = [entry for part in _PARTS for entry in part(draft)]
        made += [
            Line(draft.id, no, text, quantity, unit, quantity * unit)
            for no, (text, quantity, unit) in enumerate(entries, 1)
        ]
    return made


def totals(lines: Iterable[Line]) -> dict[UUID, int]:
    """What each invoice amounts to, minor units."""
    found: dict[UUID, int] = defaultdict(int)
    for line in lines:
        found[line.invoice_id] += line.amount_minor
    return found


def describe(draft: Draft) -> str:
    """`Plan, 2026-01-31 to 2026-02-28` with the dates of the customer's own wall calendar (D38)."""
    start, end = _day(draft.period_start, draft.zone), _day(draft.period_end, draft.zone)
    return f"{draft.plan_name}, {start} to {end}"


def _day(moment: datetime, zone: str) -> str:
    return moment.astimezone(_zone(zone)).date().isoformat()


@lru_cache(maxsize=1000)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _base_price(draft: Draft) -> list[tuple[str, int, int]]:
    return [(describe(draft), 1, draft.price_minor)]


_PARTS: tuple[Callable[[Draft], list[tuple[str, int, int]]], ...] = (_base_price,)
