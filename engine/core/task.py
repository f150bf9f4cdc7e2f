"""How our Celery tasks behave: they carry no payloads, retry only the wake-up itself, leave one row.

Rows are the truth and wake-ups are hints (design section 5), so a task that is lost, doubled or started
by hand changes nothing but the time at which work is found.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from celery import Task, current_task, shared_task
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from kombu.exceptions import OperationalError as BrokerError

from engine.core import sql
from engine.core.ids import uuid7

Counts = dict[str, Any]
# Only what a later try can mend: the database or the broker is away. Everything else is a bug and fails.
TRANSIENT = (OperationalError, InterfaceError, BrokerError, ConnectionError)
_RETRY: dict[str, Any] = {
    "autoretry_for": TRANSIENT,
    "retry_backoff": True,
    "retry_backoff_max": 30,
    "retry_jitter": True,
    "max_retries": 3,
}
log = structlog.get_logger(__name__)


def batch_task(*, name: str, quiet_when_idle: bool = False) -> Callable[[Callable[..., Counts]], Any]:
    """A task that works a batch and returns counts: one result row per run.

    `quiet_when_idle`: a wake-up that found nothing leaves no row. Unknown arguments are ignored, so that an
    old worker survives a newer publisher.
    """

    def decorate(work: Callable[..., Counts]) -> Any:
        @functools.wraps(work)
        def run(self: Task, **kwargs: Any) -> Counts:
            structlog.contextvars.bind_contextvars(task=name, correlation_id=str(uuid7()))
            try:
                with _broken_connection_dropped():
                    counts = work(**{key: kwargs[key] for key in _accepted(work) if key in kwargs})
            finally:
                structlog.contextvars.unbind_contextvars("task", "correlation_id")
            if quiet_when_idle and not any(counts.values()):
                self.request.ignore_result = True
            return counts

        return shared_task(bind=True, name=name, ignore_result=False, **_RETRY)(run)

    return decorate


def silent_task(*, name: str) -> Callable[[Callable[[], object]], Any]:
    """A task without a result row: tick and heartbeat. Not retried: the next one is seconds away."""

    def decorate(work: Callable[[], object]) -> Any:
        @functools.wraps(work)
        def run(**kwargs: Any) -> None:
            with _broken_connection_dropped():
                work()

        return shared_task(name=name, ignore_result=True)(run)

    return decorate


def task_id() -> str:
    """The id of the Celery task that runs in this thread, as Flower shows it; "" outside of any."""
    return str(current_task.request.id or "")[:64] if current_task else ""


@contextmanager
def _broken_connection_dropped() -> Iterator[None]:
    """Celery keeps connections over tasks (CELERY_DB_REUSE_MAX) and never asks whether they still work.

    One that broke, when the server was restarted or cut off a stopped process, would fail every later task.
    """
    try:
        yield
    except DatabaseError as fault:
        connection.close_if_unusable_or_obsolete()
        if sql.lost(fault) and not isinstance(fault, OperationalError | InterfaceError):
            raise OperationalError("the server cut the session off") from fault
        raise


@functools.cache
def _accepted(work: Callable[..., Counts]) -> tuple[str, ...]:
    code = work.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
