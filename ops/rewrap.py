"""Columns at rest under the newest of FIELD_KEYS, in batches, so that an old key can be thrown away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from engine.core import crypt, sql

_BATCH = 500


class Rewrapped(NamedTuple):
    """Rows looked at, rows that were under an older key, and rows that no key opens (their ids, at most 20)."""

    seen: int
    rewrapped: int
    unreadable: int
    examples: list[UUID]


class _Column(NamedTuple):
    """The statements that read a sealed column by key and write it."""

    after: str
    rewrap: str


def fields(*, dry_run: bool = False, say: Callable[[int], None] | None = None) -> Rewrapped:
    """Envelopes of attempts and bodies of callbacks. Writes and commits per batch; stopped half way, it is run again.

    `dry_run` counts. `say` is told how many rows were looked at.
    """
    columns = (
        _Column(sql.statement(__file__, "envelopes_after"), sql.statement(__file__, "rewrap_envelopes")),
        _Column(sql.statement(__file__, "bodies_after"), sql.statement(__file__, "rewrap_bodies")),
    )
    seen = moved = 0
    shut: list[UUID] = []
    for column in columns:
        for batch in _batches(column):
            wrapped, unreadable = _wrapped(batch)
            moved += len(wrapped) if dry_run or not wrapped else _write(column, wrapped)
            shut += unreadable
            seen += len(batch)
            if say:
                say(seen)
    return Rewrapped(seen, moved, len(shut), shut[:20])


def _batches(column: _Column) -> Iterator[list[tuple[UUID, bytes]]]:
    after = UUID(int=0)
    while batch := sql.rows(column.after, {"after": after, "most": _BATCH}):
        after = batch[-1][0]
        yield [(row[0], bytes(row[1])) for row in batch]


def _wrapped(batch: list[tuple[UUID, bytes]]) -> tuple[list[tuple[UUID, bytes, bytes]], list[UUID]]:
    """Those under an older key, with what they become; the ids of those that no key opens."""
    newest = Fernet(settings.FIELD_KEYS[0])
    made = [(key, sealed, _rewrap(sealed)) for key, sealed in batch if not _opens(newest, sealed)]
    wrapped = [(key, sealed, new) for key, sealed, new in made if new is not None]
    return wrapped, [key for key, _, new in made if new is None]


def _write(column: _Column, wrapped: list[tuple[UUID, bytes, bytes]]) -> int:
    keys, olds, news = (list(part) for part in zip(*wrapped, strict=True))
    return sql.affected(column.rewrap, {"ids": keys, "olds": olds, "news": news})


def _opens(box: Fernet, sealed: bytes) -> bool:
    try:
        box.decrypt(sealed)
    except InvalidToken:
        return False
    return True


def _rewrap(sealed: bytes) -> bytes | None:
    try:
        return crypt.rewrap(sealed)
    except InvalidToken:
        return None
