"""Write events in the caller's transaction: they exist if and only if the fact does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from engine.core import sql
from engine.core.ids import uuid7s
from engine.core.packed import packed


class NewEvent(NamedTuple):
    """One fact. `seq` is the object's version after the change; `occurred_at` its business time."""

    type: str
    object_kind: str
    object_id: UUID
    seq: int
    clock_id: int
    occurred_at: datetime
    correlation_id: UUID | None
    payload: Mapping[str, Any]


def emit(events: Sequence[NewEvent], *, machine_at: datetime) -> None:
    """Store all `events`. Writes in the caller's transaction; the same version twice is an IntegrityError."""
    if not events:
        return
    sql.rows(
        sql.statement(__file__, "emit_events"),
        {
            "ids": packed(uuid7s(len(events))),
            "types": [event.type for event in events],
            "kinds": [event.object_kind for event in events],
            "objects": packed(event.object_id for event in events),
            "seqs": packed(event.seq for event in events),
            "clocks": packed(event.clock_id for event in events),
            "occurred": packed(event.occurred_at for event in events),
            "correlations": packed(event.correlation_id for event in events),
            # One document: the driver quotes an array of JSON texts letter by letter.
            "payloads": json.dumps([event.payload for event in events], default=str),
            "machine_at": machine_at,
        },
    )
