"""One child process: started with its log, tied to our life, ended with TERM and then KILL."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.run import proc
from sandbox.run.deathsig import tied
from sandbox.run.paths import Paths


@dataclass(frozen=True)
class Command:
    """What to run. `user` is a uid and gid to become first; None stays who we are."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM
    user: int | None = None


class Process:
    """A child with a log file `logs/<name>.log` and a pid file `pids/<name>` that the next start mends."""

    def __init__(self, name: str, command: Command, paths: Paths) -> None:
        self.name = name
        self.command = command
        self.log = paths.logs / f"{name}.log"
        self._pid_file = paths.pids / name
        self._child: subprocess.Popen[bytes] | None = None
        self._log_from = 0

    @property
    def pid(self) -> int | None:
        """The child's pid; None before the first start."""
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Start the child in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        command = self.command
        with self.log.open("ab") as log:
            self._log_from = log.tell()
            self._child = subprocess.Popen(
                tied(command.argv, command.death_signal, command.user),
                env=dict(command.env),
                cwd=command.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        start = proc.started_at(self._child.pid)
        self._pid_file.write_text(f"{self._child.pid} {start} {int(command.stop_signal)}\n")

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it lives."""
        if self._child is None:
            return None
        if self._child.returncode is None and self._ended():
            # Before the pid is given back: its number may be another group's a moment later.
            self._kill_group()
        return self._child.poll()

    def alive(self) -> bool:
        return self._child is not None and self.poll() is None

    def ask_to_stop(self) -> None:
        if self._child and self.alive():
            self._child.send_signal(self.command.stop_signal)

    def kill(self) -> None:
        """SIGKILL for the child and its whole group; nothing when it has ended."""
        if self.alive():
            self._kill_group()

    def forget(self) -> None:
        """Drop the pid file of a child that has ended."""
        self._pid_file.unlink(missing_ok=True)

    def output(self) -> str:
        """What the child wrote since its last start."""
        try:
            with self.log.open("rb") as log:
                log.seek(self._log_from)
                return log.read().decode(errors="replace")
        except FileNotFoundError:
            return ""

    def tail(self, lines: int = 15) -> list[str]:
        """The last lines since its last start, each with the part's name in front."""
        return [f"{self.name} | {line}" for line in self.output().splitlines()[-lines:]]

    def _ended(self) -> bool:
        assert self._child is not None
        peek = os.WEXITED | os.WNOHANG | os.WNOWAIT
        try:
            return os.waitid(os.P_PID, self._child.pid, peek) is not None
        except ChildProcessError:
            return False

    def _kill_group(self) -> None:
        assert self._child is not None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)


def _nothing() -> None:
    pass


@dataclass
class Service:
    """A process with how to tell that it serves, and what to mend before each of its starts."""

    process: Process
    ready: Callable[[Process], bool]
    prepare: Callable[[], None] = field(default=_nothing)
    once: bool = False
    """Runs to its end with exit code 0 instead of staying."""
    stop_seconds: float = 0.2
    """Kept for its end out of the time of those that are stopped before it."""

    @property
    def name(self) -> str:
        return self.process.name
