"""The sends of one lane that are on their way: threads that speak HTTP and nothing else.

The lane's driver thread alone uses the database; what a thread learned is committed as evidence in
micro-batches. While evidence can't be committed it is kept and tried again, and nothing new is marked.
"""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType

import structlog
from django.db import DatabaseError, connection

from engine.core import sql, wake
from engine.providers.base import FailureClass, Finding, Outcome, Provider
from payments.pipeline import evidence, send
from payments.pipeline.evidence import Said
from payments.pipeline.mark_sent import Marked

log = structlog.get_logger(__name__)


class Outbound:
    """Up to `threads` sends at once. Use as a context manager: leaving it waits for all and stores them."""

    def __init__(self, provider: Provider, *, threads: int, task_id: str = "") -> None:
        self.threads = threads
        self.task_id = task_id  # the Celery task that makes these sends
        self.sent = 0
        self.unanswered = 0  # payments that were not sent because the provider could not be asked
        self.silence = ""
        self._provider = provider
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"send-{provider.name}")
        self._futures: dict[Future[tuple[Finding, str]], Marked] = {}

    def __enter__(self) -> Outbound:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._futures:
            self.collect(seconds=1.0)
        self._pool.shutdown()

    @property
    def free(self) -> int:
        """Threads without a send."""
        return self.threads - len(self._futures)

    def put(self, marked: Marked) -> None:
        """Start one committed send. Raises RuntimeError inside a transaction (I3)."""
        if not sql.outside_transaction():
            raise RuntimeError("a transaction is open across a network call (I3)")
        self._futures[self._pool.submit(send.send, self._provider, marked)] = marked

    def collect(self, *, seconds: float) -> int:
        """Wait up to `seconds` for answers and store what came; how many. Commits."""
        if not self._futures:
            return 0
        done, _ = wait(self._futures, timeout=seconds, return_when=FIRST_COMPLETED)
        said = [_said(self._futures.pop(future), future) for future in done]
        if said:
            _keep_until_stored(said)
            self.sent += len(said)
            wake.wake("payments.apply")
        return len(said)


def _said(marked: Marked, future: Future[tuple[Finding, str]]) -> Said:
    try:
        finding, source = future.result()
    except Exception as fault:
        log.exception("a send raised", attempt=str(marked.sendable.attempt_id))
        finding, source = (
            Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "send_raised", type(fault).__name__),
            "reply",
        )
    one = marked.sendable
    return Said(one.attempt_id, one.payment_id, one.send_no, source, finding)


def _keep_until_stored(said: list[Said]) -> None:
    """Store evidence however long the database is away; it is the only copy of what the world said."""
    pause = 0.1
    while True:
        try:
            evidence.store(said)
            return
        except DatabaseError as fault:
            log.warning("evidence is kept and tried again", count=len(said), fault=type(fault).__name__)
            connection.close()
            time.sleep(pause)
            pause = min(pause * 2, 5.0)
