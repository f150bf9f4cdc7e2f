"""Identities of money objects: uuid7, made here and passed to SQL, never by the database."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

_last = 0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_lock = threading.Lock()


def uuid7() -> UUID:
    """A time-ordered UUID (RFC 9562, version 7), unique across processes, increasing within one."""
    return uuid7s(1)[0]


def uuid7s(count: int) -> list[UUID]:
    """`count` ids in increasing order: 48 bits of milliseconds, 12 + 14 bits that count on, 48 random."""
    global _last
    noise = os.urandom(6 * count)
    with _lock:
        # 26 bits below the millisecond: a burst counts on from where the last one ended.
        first = max((time.time_ns() // 1_000_000) << 26, _last + 1)
        _last = first + count - 1
    made = []
    for n in range(count):
        stamp = first + n
        high = (stamp >> 26) << 16 | 0x7000 | (stamp >> 14) & 0xFFF
        low = 0x8000 << 48 | (stamp & 0x3FFF) << 48 | int.from_bytes(noise[6 * n : 6 * n + 6])
        made.append(UUID(int=high << 64 | low))
    return made


def made_at(one: UUID) -> datetime:
    """When a uuid7 was made, by the machine that made it."""
    return _EPOCH + timedelta(milliseconds=one.int >> 80)


def first_at(moment: datetime) -> UUID:
    """The least id that can have been made at `moment`: ids of a span of time need no other index."""
    return UUID(int=max(0, (moment - _EPOCH) // timedelta(milliseconds=1)) << 80)


def named(text: object) -> UUID | None:
    """The id that a person means: `pay_<hex>`, a uuid, its hex. None for anything else."""
    if not isinstance(text, str):
        return None
    bare = text.strip().rpartition("_")[2]
    try:
        return UUID(bare) if 32 <= len(bare) <= 36 else None
    except ValueError:
        return None
