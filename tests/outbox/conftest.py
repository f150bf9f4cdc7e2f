from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from engine.core import clock
from engine.core.actor import SYSTEM
from engine.core.ids import uuid7
from engine.outbox.emit import NewEvent, emit
from engine.rest import keys
from engine.rest.models import Answer, ApiKey, Use
from tests.ops.world import empty
from tests.rest.conftest import Api


def tell(object_id: UUID | None = None, seq: int = 1, type: str = "payment.sent", count: int = 1,
         kind: str = "payment", payload: Any = None) -> None:  # fmt: skip
    """Write events of one object, or of one each."""
    now = clock.machine_now()
    told = [
        NewEvent(type, kind, object_id or uuid7(), seq + n, 0, now, None, payload or {"n": n})
        for n in range(count)
    ]
    emit(told, machine_at=now)


@pytest.fixture
def sessions(django_db_setup: None, django_db_blocker) -> Iterator[None]:
    """Real commits; emptied before and after."""
    with django_db_blocker.unblock():
        empty()
        yield
        empty()
        for model in (ApiKey, Answer, Use):
            model.objects.all().delete()
        connection.close()


@pytest.fixture
def caller(sessions: None) -> Api:
    """Who may read events, and nothing else."""
    return Api(keys.create("tests", ["events:read"], by=SYSTEM).secret)
