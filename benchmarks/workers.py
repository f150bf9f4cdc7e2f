"""Real Celery workers and a real beat, started as `make run` starts them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.run import probe
from sandbox.run.parts import PARTS, WORKER
from sandbox.run.paths import CHECKOUT, run_paths
from sandbox.run.process import Command, Process, Service
from sandbox.run.supervisor import Supervisor

BEAT = "{python} -m celery -A config beat --loglevel INFO --pidfile= -S django_celery_beat.schedulers:DatabaseScheduler"


@contextmanager
def workers(*, money: int) -> Iterator[dict[str, int]]:
    """`money` prefork workers of one child, one io worker with threads, beat; their pids by name."""
    supervisor = Supervisor(lambda line: None)
    wanted = [
        _service(f"money-{n}", f"{WORKER} -n money{n}@%h -Q plan,money -P prefork -c 1") for n in range(money)
    ]
    wanted.append(_service("io", next(part.argv for part in PARTS if part.name == "io")))
    try:
        supervisor.start(*wanted, _service("beat", BEAT))
        yield {each.name: each.process.pid or 0 for each in supervisor.services}
    finally:
        supervisor.stop()


def _service(name: str, words: str) -> Service:
    argv = tuple(word.replace("{python}", sys.executable) for word in words.split())
    env = {**os.environ, "LOG_LEVEL": "INFO", "PGAPPNAME": f"bench-{name}"}  # tells whose a connection is
    ready = r"beat: Starting" if name == "beat" else r"\S+@\S+ ready"
    process = Process(f"bench-{name}", Command(argv, env, CHECKOUT), run_paths())
    return Service(process, probe.log_line(ready))
