"""Paystack's lists, page by page: the newest first, between two moments of creation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from engine.providers.paystack import strict
from engine.providers.paystack.client import Client

SIZE = 100


def between(
    client: Client, path: str, since: datetime, until: datetime, **query: Any
) -> Iterator[Mapping[str, Any]]:
    """What was made from `since` up to `until`. The end is fixed, so what comes meanwhile moves no page.

    Calls out. Raises Fault; Odd where the answer is no list.
    """
    return rows(client, path, {**query, "from": written(since), "to": written(until)})


def rows(
    client: Client, path: str, query: Mapping[str, Any], *, most: int | None = None
) -> Iterator[Mapping[str, Any]]:
    """Every item of a list, of `most` pages at most. Calls out. Raises Fault and Odd."""
    # Transactions and transfers have the size under another name than the other lists.
    size = {"per_page" if path in ("/transaction", "/transfer") else "perPage": SIZE}
    page = 1
    while most is None or page <= most:
        reply = client.get(path, {**query, **size, "page": page})
        found = strict.items(reply.data)
        yield from (strict.members(each, "an item") for each in found)
        if len(found) < SIZE:
            return
        page += 1


def written(moment: datetime) -> str:
    """A moment as Paystack writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
