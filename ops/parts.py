"""How the database, Redis, beat, the workers and the providers are: for /health and doctor."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from engine.core import clock, wake
from engine.ledger import rollup
from engine.providers import registry
from engine.providers.abilities import Standing
from ops import heartbeat, scheduler
from ops.probes import FAULT, OK, WARN, Seen
from payments.callbacks.models import Callback

# A worker may be at one task for 240 s; every queue gets a task of the timetable each 30 s.
SILENT_SECONDS = 300.0
_REDIS_SECONDS = 0.5
_REMEMBERED_SECONDS = 5.0
_MANY = 1000
_seen: dict[str, tuple[float, Standing | None]] = {}
_lock = threading.Lock()


def database() -> Seen:
    """Whether the database answers, with the ages of all signs of life."""
    with _hurried():
        now = clock.machine_now()
        return Seen(OK, "connected", facts={"at": now, "ages": heartbeat.ages(now)})


@contextmanager
def _hurried() -> Iterator[None]:
    """No statement of it goes on for longer than anybody waits."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '2s'")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")


def unapplied() -> list[str]:
    """The migrations of this code that the database has not, in their order. Reads."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{each.app_label}.{each.name}" for each, _ in plan]


def counted(missing: list[str]) -> str:
    """What is missing, for people: how many, and the first of them."""
    return f"{len(missing)} not applied: {', '.join(missing[:5])}"


def redis() -> Seen:
    """Whether Redis answers."""
    client = wake.connect(settings.CELERY_BROKER_URL, timeout=_REDIS_SECONDS)
    try:
        client.ping()
    finally:
        client.close()
    return Seen(OK, "connected")


def ledger() -> Seen:
    """Whether the ledger's roll-up keeps up with what is posted."""
    with _hurried():
        found = rollup.backlog(since=clock.machine_now() - timedelta(seconds=SILENT_SECONDS))
    facts = {"deltas": found.rows, "left_out": found.left_out}
    if found.left_out:
        said = f"accounts {found.left_out[:5]} would leave 64 bits and stay unrolled"
        return Seen(WARN, said, "nothing is lost; all others go on: look at what was posted on them", facts)
    if found.late or found.rows >= rollup.MANY:
        said = f"{found.rows} deltas wait for the roll-up, the oldest for more than {SILENT_SECONDS:.0f} s"
        if not found.late:
            said = f"{found.rows} deltas or more wait for the roll-up"
        return Seen(
            WARN, said, "start a worker of the queue money, or look for payments.roll_up in its log", facts
        )
    return Seen(OK, f"{found.rows} deltas wait for the roll-up", facts=facts)


def inbox() -> Seen:
    """Whether what providers told us is worked soon."""
    with _hurried():
        since = clock.machine_now() - timedelta(seconds=SILENT_SECONDS)
        late = len(Callback.objects.filter(next_action_at__lt=since).values_list("pk", flat=True)[:_MANY])
    if late:
        more = " or more" if late == _MANY else ""
        said = f"{late}{more} callbacks wait for more than {SILENT_SECONDS:.0f} s"
        mend = "start a worker of the queue io, or look for payments.work_callbacks in its log"
        return Seen(WARN, said, mend, {"late": late})
    return Seen(OK, "what providers told us is worked", facts={"late": 0})


def beat(age: float | None) -> Seen:
    """Beat and the worker of its tick, from the tick's age."""
    facts = {"age_seconds": age}
    mend = "start one `celery -A config beat` with the DatabaseScheduler, and a worker of the queue io"
    if age is None:
        return Seen(FAULT, "has never been heard", mend, facts)
    said = f"last tick {age:.0f} s ago"
    return Seen(OK, said, "", facts) if scheduler.alive(age) else Seen(FAULT, said, mend, facts)


def worker(queue: str, age: float | None) -> Seen:
    """The workers of a queue, from the age of the last task that one began."""
    facts = {"age_seconds": age}
    mend = f"start a worker with -Q {queue}, or look at its log"
    if age is None:
        return Seen(FAULT, "no task was ever begun", mend, facts)
    said = f"last task begun {age:.0f} s ago"
    return Seen(OK, said, "", facts) if age <= SILENT_SECONDS else Seen(FAULT, said, mend, facts)


def provider(name: str) -> Seen:
    """A provider's other side; asked once in 5 s and process. Calls out."""
    with _lock:
        at, standing = _seen.get(name, (-_REMEMBERED_SECONDS, None))
    if time.monotonic() - at >= _REMEMBERED_SECONDS:
        standing = registry.standing(name)
        with _lock:
            _seen[name] = (time.monotonic(), standing)
    if standing is None:
        return Seen(OK, "can't be asked, is not asked")
    facts = {"unix_seconds": standing.unix_seconds, "reachable": standing.reachable}
    if standing.reachable and standing.lacks:
        mend = "payments wait and nothing is lost: they go on by themselves once that is mended"
        return Seen(FAULT, f"connected, but {standing.lacks}", mend, facts)
    if standing.reachable:
        return Seen(OK, "connected", "", facts)
    return Seen(WARN, f"unreachable: {standing.message}", "payments wait and nothing is lost; look at its endpoint",
                facts)  # fmt: skip


def forget() -> None:
    """What is remembered of providers. For tests."""
    _seen.clear()
