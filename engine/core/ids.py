"""Identities of money objects: uuid7, made here and passed to SQL, never by the database."""

from __future__ import annotations

import os
import threading
import time
from uuid import UUID

_last = 0
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
