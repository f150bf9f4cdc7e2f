"""A house's real processes: Celery workers and beats that can be killed, stopped, thawed and replaced."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.run.deathsig import tied
from sandbox.run.paths import CHECKOUT

READY_SECONDS = 60.0
_ARGV = ("worker", "--loglevel=INFO", "--without-mingle", "--without-gossip", "--without-heartbeat")
ROLES = {
    "money": (*_ARGV, "-Q", "plan,money", "-P", "prefork", "-c", "1"),
    "io": (*_ARGV, "-Q", "io", "-P", "threads", "-c", "4"),
    "beat": ("beat", "--loglevel=INFO", "--pidfile=", "--max-interval=1",
             "-S", "django_celery_beat.schedulers:DatabaseScheduler"),
}  # fmt: skip


class Died(RuntimeError):
    """A process of the house ended where it should not have."""


class Nursery:
    """The forking server of one house; see `sandbox.live.nursery`. Safe from several threads.

    `environ` is the house's: what a process of it that is no fork needs too.
    """

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self.environ = dict(environ)
        self._folder = folder
        self._log = (folder / "nursery.log").open("ab")
        self._lock = threading.Lock()
        self._server = subprocess.Popen(
            tied((sys.executable, "-m", "sandbox.live.nursery"), signal.SIGKILL),
            env={**environ, "LIVE_FOLDER": str(folder), "PYTHONUNBUFFERED": "1"},
            cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True,
        )  # fmt: skip

    def wait(self) -> None:
        """Until it serves. Raises Died with the end of its log."""
        self._answer()

    def ask(self, do: str, **members: Any) -> dict[str, Any]:
        """One request, one answer."""
        assert self._server.stdin is not None
        with self._lock:
            self._server.stdin.write(json.dumps({"do": do, **members}) + "\n")
            self._server.stdin.flush()
            return self._answer()

    def errand(self, call: str, **arguments: Any) -> Any:
        """Run `sandbox.live.errands:<call>` in a fresh process with the house's Django. Raises Died."""
        log = str(self._folder / "errands.log")
        answer = self.ask("errand", call=f"sandbox.live.errands:{call}", arguments=arguments, log=log)
        if "error" in answer:
            raise Died(answer["error"])
        return answer["result"]

    def ended(self) -> dict[int, int]:
        """Exit codes by pid of all that have ended; negative for a signal."""
        return {int(pid): code for pid, code in self.ask("ended")["ended"].items()}

    def close(self) -> None:
        """End it and everything that it started."""
        assert self._server.stdin is not None and self._server.stdout is not None
        with suppress(BrokenPipeError):
            self._server.stdin.close()
        try:
            self._server.wait(10)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._server.stdout.close()
        self._log.close()

    def _answer(self) -> dict[str, Any]:
        assert self._server.stdout is not None
        line = self._server.stdout.readline()
        if not line:
            tail = (self._folder / "nursery.log").read_text()[-3000:]
            raise Died(f"the nursery ended: {tail}")
        return json.loads(line)  # type: ignore[no-any-return]


@dataclass
class Worker:
    """One Celery process; `pid` leads a process group of its own."""

    nursery: Nursery
    folder: Path
    name: str
    role: str
    env: dict[str, str] = field(default_factory=dict)
    pid: int = 0
    starts: int = 0
    _log_from: int = 0

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def start(self) -> Worker:
        """Start it, or its successor."""
        argv = list(ROLES[self.role])
        if self.role != "beat":
            argv += ["-n", f"{self.name}-{self.starts}@house"]
        self._log_from = self.log.stat().st_size if self.log.exists() else 0
        self.pid = self.nursery.ask("worker", argv=argv, env=self.env, log=str(self.log))["pid"]
        self.starts += 1
        return self

    def wait_ready(self) -> Worker:
        """Until Celery says that it is ready. Raises Died."""
        sign = "beat: Starting" if self.role == "beat" else " ready."
        until = time.monotonic() + READY_SECONDS
        while sign not in self.output():
            if not self.alive() or time.monotonic() > until:
                raise Died(f"{self.name} did not start: {self.output()[-3000:]}")
            time.sleep(0.03)
        return self

    def alive(self) -> bool:
        return self.exit_code() is None

    def exit_code(self) -> int | None:
        """None while it lives; negative for a signal."""
        return self.nursery.ended().get(self.pid)

    def kill(self) -> None:
        """SIGKILL for the worker and its pool children; returns when it is gone."""
        self.signal(signal.SIGKILL)
        while self.alive():
            time.sleep(0.01)

    def stop(self) -> None:
        """SIGSTOP: it stands still with all that it holds."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def output(self) -> str:
        """What it wrote since its last start."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(self._log_from)
            return file.read().decode(errors="replace")
