from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from engine.core import clock
from engine.core.actor import SYSTEM
from engine.core.ids import uuid7
from engine.outbox import feed
from engine.outbox.emit import NewEvent, emit
from engine.outbox.models import Event
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


def tell_and_wait(*args: Any, **kwargs: Any) -> None:
    """Write events, and wait until the feed shows them: its horizon is the whole cluster's, so a transaction of another
    test, in another database, may hold it back.
    """
    tell(*args, **kwargs)
    newest = Event.objects.order_by("-position", "-turn").values_list("pk", flat=True)[0]
    until = time.monotonic() + 120
    while [event.pk for event in feed.read(most=1, newest_first=True).events] != [newest]:
        assert time.monotonic() < until, "the feed does not show what was committed"
        time.sleep(0.02)


@pytest.fixture
def sessions(empty_database: str, django_db_blocker) -> Iterator[None]:
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
