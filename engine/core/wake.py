"""Wake-ups: "there is work", published by a thread of their own that may lose them.

A wake-up names a task (and a lane), never rows. It is published under a short Redis key, so a backlog of
a million rows is a handful of messages; when the key can't be asked, it is published. A frozen Redis
stalls this thread and nothing else; what is lost, the next tick wakes again.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import NamedTuple

import redis
import structlog
from celery import current_app
from django.conf import settings

from engine.core import points

log = structlog.get_logger(__name__)
_SLOT_MS = 500


class Wake(NamedTuple):
    """A task to wake, and the lane it is to work (`kwargs`: short strings only)."""

    task: str
    kwargs: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        return ":".join(["wake", self.task, *(value for _, value in self.kwargs)])


_waiting: queue.Queue[Wake] = queue.Queue(maxsize=1000)
_start = threading.Lock()
_thread: threading.Thread | None = None
_client: redis.Redis | None = None


def wake(task: str, **kwargs: str) -> None:
    """Ask for a wake-up. Never blocks and never raises; it may be lost."""
    global _thread
    with contextlib.suppress(queue.Full):
        _waiting.put_nowait(Wake(task, tuple(sorted(kwargs.items()))))
    with _start:
        # A forked child inherits the variable but not the thread.
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_publish_forever, name="wake", daemon=True)
            _thread.start()


def publish(wanted: Wake) -> bool:
    """Publish one wake-up now unless its slot is taken. True if it went out. Calls Redis."""
    try:
        free = _redis().set(wanted.key, 1, nx=True, px=_SLOT_MS)
    except redis.RedisError:
        free = True
    if not free:
        return False
    points.reach(points.WAKE_BEFORE_PUBLISH)
    current_app.send_task(wanted.task, kwargs=dict(wanted.kwargs), retry=False)
    return True


def _publish_forever() -> None:
    while True:
        wanted = _waiting.get()
        try:
            publish(wanted)
        except Exception as fault:
            log.warning("wake-up lost", task=wanted.task, fault=type(fault).__name__)


def _redis() -> redis.Redis:
    global _client
    if _client is None:
        _client = connect(settings.CELERY_BROKER_URL)
    return _client


def connect(url: str, *, timeout: float = 2) -> redis.Redis:
    """A Redis client for a broker URL, unix sockets in Celery's form included."""
    if url.startswith("redis+socket://"):
        path, _, query = url.removeprefix("redis+socket://").partition("?")
        number = dict(part.split("=", 1) for part in query.split("&") if "=" in part).get("virtual_host", "0")
        return redis.Redis(unix_socket_path=path, db=int(number), socket_timeout=timeout)
    return redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout)
