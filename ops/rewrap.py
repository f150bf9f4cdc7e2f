"""Columns at rest under the newest of FIELD_KEYS, in batches, so that an old key can be thrown away."""

from __future__ import annotations

from collections.abc import Callable
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


def attempts(*, dry_run: bool = False, say: Callable[[int], None] | None = None) -> Rewrapped:
    """Every attempt's envelope. Writes and commits per batch; stopped half way, it is run again. `dry_run` counts."""
    newest = Fernet(settings.FIELD_KEYS[0])
    seen = moved = 0
    shut: list[UUID] = []
    after = UUID(int=0)
    while batch := sql.rows(sql.statement(__file__, "envelopes_after"), {"after": after, "most": _BATCH}):
        after = batch[-1][0]
        old = [(row[0], bytes(row[1])) for row in batch if not _opens(newest, bytes(row[1]))]
        made = [(key, sealed, _rewrap(sealed)) for key, sealed in old]
        wrapped = [(key, sealed, new) for key, sealed, new in made if new is not None]
        shut += [key for key, _, new in made if new is None]
        moved += len(wrapped) if dry_run or not wrapped else _write(wrapped)
        seen += len(batch)
        if say:
            say(seen)
    return Rewrapped(seen, moved, len(shut), shut[:20])


def _write(wrapped: list[tuple[UUID, bytes, bytes]]) -> int:
    keys, olds, news = (list(column) for column in zip(*wrapped, strict=True))
    return sql.affected(
        sql.statement(__file__, "rewrap_envelopes"), {"ids": keys, "olds": olds, "news": news}
    )


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
