"""What beat does, several times a second: wake-ups by name, from a thread that a frozen Valkey can't hurt."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from celery import Celery
from kombu.exceptions import OperationalError

from sandbox.live.spans import TICK_SECONDS

TASKS = {"ops.tick": "io", "billing.claim_due": "plan", "ops.sweep": "plan"}
EVERY = {"ops.tick": 1, "billing.claim_due": 2, "ops.sweep": 7}  # ticks


class Ticker:
    """Publishes the timetable's wake-ups to one queue database until stopped."""

    def __init__(self, redis_url: str) -> None:
        self._app = Celery("ticker", broker=redis_url, set_as_current=False)
        self._app.conf.broker_transport_options = {
            "visibility_timeout": 900, "socket_timeout": 2, "socket_connect_timeout": 2,
        }  # fmt: skip
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="house-ticker", daemon=True)

    def start(self) -> Ticker:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._done.set()
        self._thread.join(30)
        with suppress(Exception):
            self._app.close()

    def send(self, task: str) -> None:
        """One wake-up now. Raises kombu's OperationalError where the queue is away."""
        self._app.send_task(task, queue=TASKS[task], retry=False, ignore_result=True)

    def _run(self) -> None:
        count = 0
        while not self._done.wait(TICK_SECONDS):
            count += 1
            for task, every in EVERY.items():
                if count % every == 0:
                    # A queue that is away: the next tick comes all the same.
                    with suppress(OperationalError, OSError, ConnectionError):
                        self.send(task)
            time.sleep(0)
