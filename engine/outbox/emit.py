"""Write events in the caller's transaction: they exist if and only if the fact does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from engine.core import sql
from engine.core.ids import uuid7s


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
            "ids": uuid7s(len(events)),
            "types": [event.type for event in events],
            "kinds": [event.object_kind for event in events],
            "objects": [event.object_id for event in events],
            "seqs": [event.seq for event in events],
            "clocks": [event.clock_id for event in events],
            "occurred": [event.occurred_at for event in events],
            "correlations": [event.correlation_id for event in events],
            "payloads": [json.dumps(event.payload, default=str) for event in events],
            "machine_at": machine_at,
        },
    )
