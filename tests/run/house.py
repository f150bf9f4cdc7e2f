"""A supervisor in a process of its own, as `make run` is, with toy parts in place of ours."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from sandbox.run import proc
from sandbox.run.paths import CHECKOUT, Paths
from sandbox.run.ports import HOST

SECONDS = 20.0


def until(true: Callable[[], object], what: str) -> None:
    """Wait for something to hold; fails the test by name when it does not."""
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.03)


class House:
    """The process and what it prints."""

    def __init__(self, paths: Paths, scene: str, environ: dict[str, str]) -> None:
        self.paths = paths
        self.lines: list[str] = []
        self.child = subprocess.Popen(
            (sys.executable, "-m", "tests.run.toy", scene),
            cwd=CHECKOUT,
            env={**os.environ, "RUN_DIR": str(paths.run_dir), "WEB_PORT": str(some_port()), **environ},
            stdout=broken_pipe() if environ.get("PIPE") == "broken" else subprocess.PIPE,
            stderr=subprocess.STDOUT if "PIPE" not in environ else subprocess.PIPE,
            text=True,
        )
        self._said = self.child.stdout or self.child.stderr
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def see(self, words: str) -> str:
        """The first line with these words; waits for it."""
        until(lambda: any(words in line for line in self.lines), f"{words!r} is printed: {self.lines}")
        return next(line for line in self.lines if words in line)

    def pids(self) -> dict[str, int]:
        """The pid of each part that its pid file names, once it is written."""
        texts = {file.name: file.read_text() for file in self.paths.pids.iterdir()}
        return {name: int(text.split()[0]) for name, text in texts.items() if text.endswith("\n")}

    def stop(self, sig: signal.Signals = signal.SIGINT) -> int:
        """Send a signal and wait; returns the exit code."""
        self.child.send_signal(sig)
        return self.wait()

    def wait(self) -> int:
        code = self.child.wait(SECONDS)
        self._reader.join(SECONDS)
        return code

    def end(self) -> None:
        if self.child.poll() is None:
            self.child.kill()
        self.wait()
        assert self._said is not None
        self._said.close()

    def _read(self) -> None:
        assert self._said is not None
        for line in self._said:
            self.lines.append(line.rstrip())


def some_port() -> int:
    """A free port far from other tests': two runs that start at once may both find the same one free."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def broken_pipe() -> int:
    """The writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def gone(pids: dict[str, int]) -> bool:
    """Whether all these processes have ended (a zombie counts as ended)."""
    return all(proc.started_at(pid) is None for pid in pids.values())
