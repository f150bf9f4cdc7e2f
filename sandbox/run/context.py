"""What a run hands to the one who takes over when everything is up."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

from sandbox.run.paths import Paths
from sandbox.run.supervisor import Supervisor


@dataclass
class Context:
    """A running house. `values` is what stands in RUN_DIR/env; `each_second` hooks may be added any time."""

    paths: Paths
    ports: dict[str, int]
    values: dict[str, str]
    supervisor: Supervisor
    each_second: list[Callable[[], None]] = field(default_factory=list)
    _hooks: Lock = field(default_factory=Lock)

    @property
    def stopping(self) -> Event:
        """Set by Ctrl-C, SIGTERM and SIGHUP."""
        return self.supervisor.stopping

    def wait(self, seconds: float | None = None) -> bool:
        """Sleep up to `seconds` (None: for good); True when it is time to stop."""
        return self.stopping.wait(seconds)

    def run_hooks(self, failed: Callable[[Exception], None]) -> None:
        """Each hook once; one that raises is handed to `failed` and holds up no other."""
        with self._hooks:
            for hook in list(self.each_second):
                try:
                    hook()
                except Exception as error:
                    failed(error)

    def drop_hooks(self) -> None:
        """Forget all hooks. When it returns none is running and none will run."""
        with self._hooks:
            self.each_second.clear()


class Ticker:
    """Runs the context's `each_second` hooks in a thread of their own, about once a second."""

    STOP_SECONDS = 0.3

    def __init__(self, context: Context) -> None:
        self._context = context
        self._done = Event()
        self._said: set[str] = set()
        self._thread = Thread(target=self._tick, name="ticker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; waits STOP_SECONDS at most, as a hook may hang in a lost connection."""
        self._done.set()
        if self._thread.is_alive():
            self._thread.join(self.STOP_SECONDS)

    def _tick(self) -> None:
        while not self._done.wait(1.0):
            self._context.run_hooks(self._say_once)

    def _say_once(self, error: Exception) -> None:
        line = f"! each-second hook failed: {type(error).__name__}: {error}"
        if line not in self._said and not self._done.is_set():
            self._said.add(line)
            self._context.supervisor.say(line)
