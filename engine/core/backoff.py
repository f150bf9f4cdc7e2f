"""Waits between tries. Pure: no clock, no chance unless asked for."""

from __future__ import annotations


def doubling(base: float, n: int, *, most: float) -> float:
    """Seconds before try n+1, n from 1: base, 2 base, 4 base ... never above `most` (row 0.58)."""
    return min(base * 2 ** min(n - 1, 40), most)
