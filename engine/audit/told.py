"""What people and programs did to one thing, as lines of its timeline. Reads by index."""

from __future__ import annotations

from engine.audit.models import Entry
from engine.core.timeline import Moment, changes


def acts_of(kind: str, *object_ids: object, most: int = 500) -> list[Moment]:
    """The newest acts on the objects, each with who, why, and what it changed."""
    found = Entry.objects.filter(object_kind=kind, object_id__in=map(str, object_ids)).order_by("-pk")
    return [_line(entry) for entry in found[:most]]


def _line(entry: Entry) -> Moment:
    changed = ", ".join(f"{name}: {old} → {new}" for name, old, new in changes(entry.before, entry.after))
    why = f"“{entry.reason}” " if entry.reason else ""
    title = f"{entry.actor} ({entry.actor_kind}): {entry.verb.replace('_', ' ')}"
    return Moment(entry.acted_at, "audit", title, f"{why}{changed}", {"entry": str(entry.pk)})
