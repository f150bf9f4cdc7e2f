"""Find or make accounts, many at once."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from engine.core import sql


class Key(NamedTuple):
    """What names an account: its kind, its currency, and whose it is (None: the platform's)."""

    kind: str
    currency: str
    owner_id: UUID | None = None


_MOST = 200_000
_known: dict[Key, int] = {}
_lock = threading.Lock()


def ensure(keys: Iterable[Key]) -> dict[Key, int]:
    """The id of each account, made where it is missing. Writes in the caller's transaction.

    Remembered only once that transaction has committed: an account that it made may still be rolled back,
    and a remembered id would then belong to nobody.
    """
    wanted = set(keys)
    found = {key: _known[key] for key in wanted if key in _known}
    missing = sorted(wanted - found.keys(), key=lambda key: (key.kind, key.currency, str(key.owner_id)))
    if not missing:
        return found
    params = {
        "kinds": [key.kind for key in missing],
        "currencies": [key.currency for key in missing],
        "owners": [key.owner_id for key in missing],
    }
    there = _pairs(sql.rows(sql.statement(__file__, "find_accounts"), params))
    if len(there) < len(missing):
        sql.rows(sql.statement(__file__, "make_accounts"), params)
        there = _pairs(sql.rows(sql.statement(__file__, "find_accounts"), params))
    transaction.on_commit(lambda: _remember(there))
    return found | there


def _remember(there: dict[Key, int]) -> None:
    with _lock:
        if len(_known) > _MOST:
            _known.clear()
        _known.update(there)


def forget() -> None:
    """Empty the memory of ids. Tests that swap databases call it."""
    with _lock:
        _known.clear()


def _pairs(found: list[tuple[str, str, UUID | None, int]]) -> dict[Key, int]:
    return {Key(kind, currency, owner): account for kind, currency, owner, account in found}
