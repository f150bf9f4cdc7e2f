"""Ids at the edge: `sub_01a1…`, a prefix that says of what, and the hex of the database's uuid7."""

from __future__ import annotations

from uuid import UUID

PREFIXES = {
    "customer": "cus", "creator": "cre", "plan": "plan", "subscription": "sub", "invoice": "inv", "payment": "pay",
    "payment_method": "pm", "attempt": "att", "evidence": "evd", "event": "evt", "job": "job", "key": "key",
    "case": "case", "plan_version": "pv",
}  # fmt: skip


def show(kind: str, value: UUID) -> str:
    """The id as callers see it."""
    return f"{PREFIXES[kind]}_{value.hex}"


def read(kind: str, text: object) -> UUID | None:
    """The id that a caller means: prefixed, or a bare uuid. None for anything else, also another kind's."""
    if not isinstance(text, str) or len(text) > 60:
        return None
    bare = text.removeprefix(f"{PREFIXES[kind]}_")
    try:
        return UUID(bare)
    except ValueError:
        return None
