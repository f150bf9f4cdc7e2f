"""`python -m sandbox.run.dev`: what `make dev` does. A run whose parts start again when their code changes."""

import logging
import os
import sys
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from threading import Event, Thread

from watchfiles import Change, watch

from config.env import faults
from sandbox.demo import asked
from sandbox.demo.show import STOPPED, show
from sandbox.run.context import Context, Ticker
from sandbox.run.paths import CHECKOUT
from sandbox.run.start import run

RELOADED = ("web", "money-1", "money-2", "io", "beat")
"""Parts that run the product's code. Servers, localnet and Flower stay up, so nothing is lost."""
ROOMS = ("billing", "config", "engine", "ops", "payments", "payouts")
ENDINGS = (".py", ".sql", ".html")


def watched() -> list[Path]:
    """The folders that are looked at: those that exist."""
    return [CHECKOUT / room for room in ROOMS if (CHECKOUT / room).is_dir()]


def counts(change: Change, path: str) -> bool:
    """Whether a change of this file is one of code. An editor's own files begin with a dot or #."""
    name = Path(path).name
    return name.endswith(ENDINGS) and name[0] not in ".#" and "__pycache__" not in path


class Watcher:
    """Tells a callback which files changed, from a thread of its own, until it is stopped."""

    def __init__(self, changed: Callable[[list[str]], None], folders: Iterable[Path]) -> None:
        self._changed = changed
        self._folders = list(folders)
        self._done = Event()
        self._thread = Thread(target=self._watch, name="watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end, and wait for it, as long as for the ticker at most."""
        self._done.set()
        if self._thread.is_alive():
            self._thread.join(Ticker.STOP_SECONDS)

    def _watch(self) -> None:
        logging.getLogger("watchfiles").setLevel(logging.WARNING)
        # step, debounce in ms: an editor that saves ten files makes one change of them.
        changes = watch(
            *self._folders,
            watch_filter=counts,
            stop_event=self._done,
            step=100,
            debounce=800,
            rust_timeout=500,
        )
        for found in changes:
            self._changed(sorted({os.path.relpath(path, CHECKOUT) for _, path in found}))


def reloading(
    context: Context,
    then: Callable[[Context], int],
    *,
    names: Collection[str] = RELOADED,
    folders: Iterable[Path] | None = None,
) -> int:
    """What `then` returns, while changes of code start the parts called `names` again."""

    def changed(files: list[str]) -> None:
        more = f" and {len(files) - 1} more" if files[1:] else ""
        context.supervisor.say(f"↻ {files[0]}{more}: {', '.join(names)} start again")
        if any("/migrations/" in file for file in files):
            context.supervisor.say("! a migration changed: .venv/bin/python manage.py migrate")
        context.supervisor.renew(names)

    watcher = Watcher(changed, watched() if folders is None else folders)
    watcher.start()
    try:
        return then(context)
    finally:
        watcher.stop()


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        # A terminal without UTF-8 shows ? for the marks instead of ending the run.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    cycles = asked.wanted(os.environ)  # a wrong one ends here, not after the start
    sys.exit(run(lambda context: reloading(context, show), stopped=STOPPED if cycles else 0, faults=faults))
