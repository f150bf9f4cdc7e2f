"""Ids at the edge: `sub_01a1…`, a prefix that says of what, and the hex of the database's uuid7."""

from __future__ import annotations

import re
from uuid import UUID

PREFIXES = {
    "customer": "cus", "creator": "cre", "plan": "plan", "subscription": "sub", "invoice": "inv", "payment": "pay",
    "payment_method": "pm", "attempt": "att", "evidence": "evd", "event": "evt", "job": "job", "key": "key",
    "case": "case", "plan_version": "pv", "callback": "cbk", "refund": "ref", "dispute": "dsp",
}  # fmt: skip
_HEX = re.compile(r"[0-9a-f]{32}")
_BARE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def show(kind: str, value: UUID) -> str:
    """The id as callers see it."""
    return f"{PREFIXES[kind]}_{value.hex}"


def read(kind: str, text: object) -> UUID | None:
    """The id that a caller means: prefixed, or a bare uuid. None for anything else, also for another kind's."""
    if not isinstance(text, str):
        return None
    bare = text.removeprefix(f"{PREFIXES[kind]}_")
    good = _HEX.fullmatch(bare) or _BARE.fullmatch(text)
    return UUID(bare) if good else None
