"""What billing's pages share: rows found by words, links to the lists of what belongs to a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from billing import find
from engine.core.readonly import ReadOnly, list_of


class Found(ReadOnly):
    """A page whose rows are found by the words of billing/find.py."""

    finder: Callable[[str], set[UUID]] = staticmethod(find.customers)

    def keys(self, term: str) -> set[Any]:
        return type(self).finder(term)


def lists_of(key: object, *tables: str) -> list[tuple[str, str]]:
    """Links to the lists of what the key names, by the table's own word."""
    return [(f"{table.rpartition('_')[2]}s", list_of(table, key)) for table in tables]
