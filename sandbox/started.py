"""A simulator's server as a child process: what the handles of the localnet and of the gateways have in common."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from typing import Self

import requests

from sandbox.run.paths import CHECKOUT

STOP_SECONDS_MAX = 10


class Started:
    """A client of one server with a session of its own; ``process`` is set when this object started the server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.process: subprocess.Popen[str] | None = None
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy must never stand between a test and loopback

    def stop(self) -> None:
        """SIGTERM and wait; nothing if this object did not start the server."""
        self._end(kill=False)

    def kill(self) -> None:
        """SIGKILL and wait, as a crash would."""
        self._end(kill=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _end(self, *, kill: bool) -> None:
        self._session.close()
        if self.process is None:
            return
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        self.process.wait(STOP_SECONDS_MAX)
        if self.process.stdout:
            self.process.stdout.close()
        self.process = None


def spawn(
    module: str, words: Sequence[str], ready: re.Pattern[str]
) -> tuple[subprocess.Popen[str], re.Match[str]]:
    """Start ``python -m module words``; the process and what its first line, which `ready` matches, says.

    Raises RuntimeError where another line comes, or none: the process is ended then.
    """
    command = [sys.executable, "-m", module, *words]
    process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = ready.match(process.stdout.readline())
    if said is None:
        process.kill()
        process.wait()
        process.stdout.close()
        raise RuntimeError(f"{module} did not start, exit code {process.returncode}")
    return process, said
