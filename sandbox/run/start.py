"""One run from the first line to the last: servers, parts, the one who takes over, the stop."""

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from threading import Event
from types import FrameType

from sandbox.demo import environment as demo
from sandbox.run import embedded, envfile, leftovers, lock, ports, servers
from sandbox.run.context import Context, Ticker
from sandbox.run.deathsig import follow_make
from sandbox.run.errors import RunError, StartFailed, Stopped
from sandbox.run.parts import PARTS, Part
from sandbox.run.paths import CHECKOUT, Paths, run_paths
from sandbox.run.process import Command, Process, Service
from sandbox.run.supervisor import Say, Supervisor

STAND_IN = {"DATABASE_URL": "postgresql:///clearbeat?host=/embedded", "REDIS_URL": "redis+socket:///embedded"}
"""Addresses of servers that are not started yet: what is wrong with the rest is told before they are."""
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def say(line: str) -> None:
    """Print a line at once, also into a pipe. Raises OSError, once, when nobody reads any more."""
    try:
        print(line, flush=True)
    except OSError:
        # What stands in the buffer would fail again at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def unbroken(say: Say, stopping: Event) -> Say:
    """`say` that never raises: when nobody reads any more it is time to stop, in order."""

    def steady(line: str) -> None:
        try:
            say(line)
        except OSError:
            stopping.set()

    return steady


def run(
    after_ready: Callable[[Context], int],
    *,
    parts: Sequence[Part] = PARTS,
    run_dir: str | None = None,
    environ: Mapping[str, str] | None = None,
    say: Say = say,
    stopped: int = 0,
    faults: Callable[[Mapping[str, str]], list[str]] = lambda values: [],
) -> int:
    """Start everything, hand over to `after_ready`, stop everything; returns the exit code.

    `after_ready` runs in the main thread with KeyboardInterrupt raised on Ctrl-C, SIGTERM and SIGHUP;
    its value is the exit code. A stop by signal is `stopped`, a start that failed is 1. What `faults` finds
    in the parts' environment is told before anything is started.
    """
    environ = os.environ if environ is None else environ
    paths = run_paths(run_dir)
    supervisor = Supervisor(say := unbroken(say, stopping := Event()), stopping)
    signals = Signals(supervisor)
    follow_make()
    try:
        paths.make()
        with lock.hold(paths), signals:
            for name in leftovers.end(paths):
                say(f"! {name} was left over from a killed run; ended")
            try:
                context = _context(paths, environ, supervisor, faults)
                return _run(after_ready, parts, context, environ, signals)
            finally:
                say("stopping")
                supervisor.stop()
    except (Stopped, KeyboardInterrupt):
        return stopped
    except RunError as error:
        say(f"✗ {error}")
        for line in error.tail if isinstance(error, StartFailed) else ():
            say(f"  {line}")
        return 1


def _context(
    paths: Paths,
    environ: Mapping[str, str],
    supervisor: Supervisor,
    faults: Callable[[Mapping[str, str]], list[str]],
) -> Context:
    chosen = ports.choose(environ, supervisor.say)
    values = _values(paths, environ, chosen)
    for line in demo.differs(values, environ):
        supervisor.say(line)
    if wrong := faults({**STAND_IN, **environ, **values}):
        raise StartFailed("the environment is wrong:", wrong)
    return Context(paths, chosen, values, supervisor)


def _run(
    after_ready: Callable[[Context], int],
    parts: Sequence[Part],
    context: Context,
    environ: Mapping[str, str],
    signals: "Signals",
) -> int:
    paths, supervisor, values = context.paths, context.supervisor, context.values
    values |= servers.start(supervisor, paths, environ)
    envfile.write(paths.env, values)
    # REMAP_SIGTERM: a worker ends within its soft-shutdown time; what it had not ended is found again.
    child_env = {**environ, **values, "PYTHONUNBUFFERED": "1", "REMAP_SIGTERM": "SIGQUIT"}
    wanted = [part for part in parts if not environ.get(part.given)]
    for _, wave in groupby(wanted, key=lambda part: part.wave):
        supervisor.start(*(_service(part, paths, context.ports, child_env) for part in wave))
    supervisor.keep()
    ticker = Ticker(context)
    ticker.start()
    try:
        with signals.interrupting():
            return after_ready(context)
    finally:
        ticker.stop()


def _values(paths: Paths, environ: Mapping[str, str], chosen: Mapping[str, int]) -> dict[str, str]:
    return {
        "RUN_DIR": str(paths.run_dir),
        **{key: str(port) for key, port in chosen.items()},
        "FLOWER_URL": environ.get("FLOWER_URL") or f"http://{ports.HOST}:{chosen['FLOWER_PORT']}",
        "SOLANA_RPC_URL": environ.get("SOLANA_RPC_URL") or f"http://{ports.HOST}:{chosen['SOLANA_PORT']}",
        "GATEWAYS_URL": f"http://{ports.HOST}:{chosen['GATEWAYS_PORT']}",
        **embedded.secrets(paths, environ),
        **demo.settings(demo.keys(envfile.read(paths.env)), environ, chosen),
        **envfile.run_logins(),
    }


def _service(part: Part, paths: Paths, chosen: dict[str, int], env: Mapping[str, str]) -> Service:
    words = {
        "python": sys.executable,
        "run_dir": str(paths.run_dir),
        "sockets": str(paths.sockets),
        **{key.lower(): str(port) for key, port in chosen.items()},
    }
    argv = tuple(word.format(**words) for word in part.argv.split())
    process = Process(part.name, Command(argv, env, CHECKOUT, death_signal=part.death_signal), paths)
    return Service(process, part.ready(chosen), once=part.once)


class Signals:
    """Ctrl-C, SIGTERM and SIGHUP: the first asks for a stop, the second makes it kill at once."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._interrupt = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> "Signals":
        # Also over SIG_IGN, which a background job of a script inherits for SIGINT.
        self._before = {sig: signal.signal(sig, self._on_signal) for sig in STOP_SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for sig, handler in self._before.items():
            signal.signal(sig, handler)  # type: ignore[arg-type]

    def interrupting(self) -> "Interrupting":
        """While in this block a stop raises KeyboardInterrupt in the main thread."""
        return Interrupting(self)

    def set_interrupt(self, on: bool) -> None:
        self._interrupt = on

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._supervisor.stopping.is_set():
            self._supervisor.hurry.set()
        self._supervisor.stopping.set()
        if self._interrupt:
            self._interrupt = False
            raise KeyboardInterrupt


class Interrupting:
    """A block in which a stop raises KeyboardInterrupt; outside it children are being started or stopped."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals

    def __enter__(self) -> None:
        self._signals.set_interrupt(True)

    def __exit__(self, *_: object) -> None:
        self._signals.set_interrupt(False)
