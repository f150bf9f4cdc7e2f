"""A house's web process: gunicorn as `make run` starts it, on a port of its own."""

from __future__ import annotations

import http.client
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from sandbox.live.house import House
from sandbox.live.workers import Died
from sandbox.run.deathsig import tied
from sandbox.run.parts import PARTS
from sandbox.run.paths import CHECKOUT
from sandbox.run.ports import HOST

READY_SECONDS = 60.0
PORTS = (10_000, 20_000)


def free_port() -> int:
    """A port that nobody has at this moment, and that no connection is given by the system: it takes those from above.

    What is named now and served minutes later would else be some connection's by then.
    """
    while True:
        port = random.randrange(*PORTS)
        with socket.socket() as asked, suppress(OSError):
            asked.bind((HOST, port))
            return port


@contextmanager
def web(home: House, *, port: int, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """The house's web process; its address. `settings` are environment variables over the house's."""
    part = next(each for each in PARTS if each.name == "web")
    words = {"python": sys.executable, "web_port": str(port), "sockets": str(home.folder)}
    argv = tuple(word.format(**words) for word in part.argv.split())
    log = Path(home.folder) / "web.log"
    with log.open("ab") as out:
        child = subprocess.Popen(
            tied(argv, signal.SIGKILL), env={**home.nursery.environ, **(settings or {})}, cwd=CHECKOUT, stdout=out,
            stderr=out,
        )  # fmt: skip
        try:
            _wait(child, port, log)
            yield f"http://{HOST}:{port}"
        finally:
            child.terminate()
            child.wait(20)


def _wait(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while not _up(port):
        if child.poll() is not None or time.monotonic() > until:
            raise Died(f"the web process did not start: {log.read_text()[-3000:]}")
        time.sleep(0.05)


def _up(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
