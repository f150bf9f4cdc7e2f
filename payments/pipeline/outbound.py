"""The sends of one lane that are on their way: threads that speak HTTP and nothing else.

The lane's driver thread alone uses the database; what a thread learned is committed as evidence in
micro-batches. While evidence can't be committed it is kept and tried again, and nothing new is marked.

A thread that is free need not wait for the driver's next round: where calls are quick, some sends are marked ahead
and wait here. Each passes the gate when its turn comes (send.py).
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event
from types import TracebackType

import structlog
from django.db import Error, connection

from engine.core import sql, wake
from engine.providers.base import FailureClass, Finding, Outcome, Provider
from payments.pipeline import evidence, send, spans
from payments.pipeline.evidence import Said
from payments.pipeline.mark_sent import Marked

log = structlog.get_logger(__name__)
# Of a lane's threads so many sends more, at most, wait for one: what ends during one round of the driver.
_AHEAD = 1 / 4
_SOON = 0.05  # a word that comes within it finds the driver with its connection in hand


@dataclass(frozen=True, slots=True)
class _Word:
    """What a thread learned, on its way to the driver. `stored` is set once it is committed."""

    said: Said
    last: bool  # the send is over; False: one step of it is
    quick: bool = False  # it took so little that the next may wait behind it
    stored: Event = field(default_factory=Event)


class Outbound:
    """Up to `threads` sends at once, and some that wait for a thread. Use as a context manager: leaving it waits for
    all and stores them."""

    def __init__(self, provider: Provider, *, threads: int, task_id: str = "") -> None:
        self.threads = threads
        self.task_id = task_id  # the Celery task that makes these sends
        self.sent = 0
        self.unanswered = 0  # payments that were not sent because the provider could not be asked
        self.silence = ""
        self._provider = provider
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"send-{provider.name}")
        self._on_their_way = 0
        self._words: SimpleQueue[_Word] = SimpleQueue()
        # When the last quick ones ended: each lets one wait, and no more than so many.
        self._quick: deque[float] = deque(maxlen=int(threads * _AHEAD))

    def __enter__(self) -> Outbound:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            while self._on_their_way:
                self.collect(seconds=1.0)
        finally:
            self._pool.shutdown()

    @property
    def free(self) -> int:
        """Threads without a send."""
        return max(0, self.threads - self._on_their_way)

    @property
    def ahead(self) -> int:
        """How many sends more may be put that wait for a thread, once each thread has one."""
        since = time.monotonic() - spans.quick()
        waiting = max(0, self._on_their_way - self.threads)
        return max(0, sum(at > since for at in self._quick) - waiting)

    def put(self, marked: Marked) -> None:
        """Start one committed send. Raises RuntimeError inside a transaction (I3)."""
        if not sql.outside_transaction():
            raise RuntimeError("a transaction is open across a network call (I3)")
        begun = time.monotonic()
        sending = self._pool.submit(send.send, self._provider, marked, partial(self._keep, marked))
        self._on_their_way += 1
        sending.add_done_callback(lambda done: self._words.put(_ended(marked, done, begun)))

    def collect(self, *, seconds: float) -> int:
        """Wait up to `seconds` for words of the threads and store what came; how many. Commits."""
        words = self._heard(seconds) if self._on_their_way else []
        if words:
            ended = sum(word.last for word in words)
            try:
                _keep_until_stored([word.said for word in words])
            finally:  # whatever went wrong: who waits for all would wait for ever for words that were heard already
                self._on_their_way -= ended
            self.sent += ended
            self._quick.extend(time.monotonic() for word in words if word.quick)
            for word in words:
                word.stored.set()
            wake.wake("payments.apply")
        return len(words)

    def _heard(self, seconds: float) -> list[_Word]:
        words: list[_Word] = []
        try:
            words.append(self._first(seconds))
            while True:
                words.append(self._words.get_nowait())
        except Empty:
            return words

    def _first(self, seconds: float) -> _Word:
        """The next word. Raises Empty. While a lane is slow to answer, its driver holds no connection."""
        if seconds > _SOON:
            with suppress(Empty):
                return self._words.get(timeout=_SOON)
            sql.give_back()
        return self._words.get(timeout=seconds)

    def _keep(self, marked: Marked, step: Finding) -> None:
        """In a send's thread: hand a step to the driver and wait until it is committed, or the window is over."""
        word = _Word(_of(marked, step), last=False)
        self._words.put(word)
        word.stored.wait(spans.window())


def _ended(marked: Marked, sending: Future[tuple[Finding, str]], begun: float) -> _Word:
    return _Word(_said(marked, sending), last=True, quick=time.monotonic() - begun < spans.quick())


def _said(marked: Marked, sending: Future[tuple[Finding, str]]) -> Said:
    fault = (
        sending.exception()
    )  # of any kind: a thread whose end nobody hears of would hold its lane for ever
    if fault is None:
        return _of(marked, *sending.result())
    log.error("a send raised", attempt=str(marked.sendable.attempt_id), exc_info=fault)
    return _of(marked, Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "send_raised", type(fault).__name__))


def _of(marked: Marked, finding: Finding, source: str = "reply") -> Said:
    one = marked.sendable
    return Said(one.attempt_id, one.payment_id, one.send_no, source, finding)


def _keep_until_stored(said: list[Said]) -> None:
    """Store evidence however long the database is away; it is the only copy of what the world said."""
    pause = 0.1
    while True:
        try:
            evidence.store(said)
            return
        except Error as fault:
            log.warning("evidence is kept and tried again", count=len(said), fault=type(fault).__name__)
            with suppress(Error):
                connection.close()
            time.sleep(pause)
            pause = min(pause * 2, 5.0)
