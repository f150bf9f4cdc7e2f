"""What a run hands to the one who takes over when everything is up."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Thread

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

    @property
    def stopping(self) -> Event:
        """Set by Ctrl-C, SIGTERM and SIGHUP."""
        return self.supervisor.stopping

    def wait(self, seconds: float | None = None) -> bool:
        """Sleep up to `seconds` (None: for good); True when it is time to stop."""
        return self.stopping.wait(seconds)


class Ticker:
    """Runs the context's `each_second` hooks in a thread of their own, about once a second."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._done = Event()
        self._said: set[str] = set()
        self._thread = Thread(target=self._tick, name="ticker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; waits a second at most, as a hook may hang in a lost connection."""
        self._done.set()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def _tick(self) -> None:
        while not self._done.wait(1.0):
            for hook in list(self._context.each_second):
                try:
                    hook()
                except Exception as error:
                    self._say_once(f"! each-second hook failed: {type(error).__name__}: {error}")

    def _say_once(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            self._context.supervisor.say(line)
