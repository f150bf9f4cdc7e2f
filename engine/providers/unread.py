"""What stands in a provider's list and can't be read: told beside the others, so that a person sees to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unread:
    """One item. `kind` is what the list has ("dispute", "event", "settlement"), `ref` its id as far as it names one.

    When it was can't be read either, so one that stands about a span's edge may be told of the spans on both sides.
    """

    kind: str
    ref: str
    why: str
