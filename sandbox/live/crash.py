"""Where a worker dies or stops: a plan in a folder, read by every worker of a house at each boundary.

`points.reach` does nothing in production. A house's workers put this module's `Reacher` in its place, so
one long-living worker can be told to die next, and no worker has to be started with the plan.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KILL, STOP, TERM = "KILL", "STOP", "TERM"
SIGNALS = {KILL: signal.SIGKILL, STOP: signal.SIGSTOP, TERM: signal.SIGTERM}


@dataclass(frozen=True)
class Plan:
    """The harness's side: arm a point once, or let a share of all passings crash."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "plan.json"

    def arm(self, point: str, how: str = KILL, *, nth: int = 1) -> Path:
        """The n-th passing of `point` in some worker kills, stops or terminates it, once over all workers.

        Returns the file that is made when it happens; it holds the worker's pid.
        """
        flag = self.folder / f"hit-{os.urandom(4).hex()}"
        self._write({"point": point, "how": how, "nth": nth, "flag": str(flag)})
        return flag

    def share(self, share: float, *, seed: int) -> None:
        """From now on this share of all passings ends its process: the worker, or its pool child alone."""
        self._write({"share": share, "seed": seed})

    def disarm(self) -> None:
        """No crash from now on."""
        self._write({})

    def tally(self) -> tuple[Counter[str], Counter[str]]:
        """(passings, crashes) by point since the house stands; passings are counted under `share` alone."""
        lines = [line.split() for line in self._lines()]
        passed = Counter(words[0] for words in lines if words)
        crashed = Counter(words[0] for words in lines if len(words) > 1)
        return passed, crashed

    def _lines(self) -> list[str]:
        file = self.folder / "passings"
        return file.read_text().splitlines() if file.exists() else []

    def _write(self, plan: dict[str, Any]) -> None:
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(plan))
        fresh.rename(self.file)


class Reacher:
    """The worker's side: what stands in the place of `points.reach`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamp: tuple[int, int] | None = None
        self._plan: dict[str, Any] = {}
        self._seen = 0
        self._random: tuple[int, random.Random] | None = None

    def reach(self, point: str) -> None:
        """Pass a boundary, or die at it."""
        self._read()
        if self._plan.get("share"):
            self._draw(point)
        elif self._plan.get("point") == point:
            self._seen += 1
            if self._seen >= self._plan["nth"] and _first(self._plan["flag"]):
                os.killpg(os.getpgrp(), SIGNALS[self._plan["how"]])
                # A signal reaches the main thread first; without this wait the thread that came here would
                # run on for a moment, past the boundary.
                time.sleep(0.5)

    def _read(self) -> None:
        try:
            found = (self._folder / "plan.json").stat()
        except FileNotFoundError:
            return
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp != self._stamp:
            self._stamp, self._seen = stamp, 0
            self._plan = json.loads((self._folder / "plan.json").read_text())

    def _draw(self, point: str) -> None:
        # Seeded by the process too: a forked pool child must not draw what its parent's last child drew.
        if self._random is None or self._random[0] != os.getpid():
            self._random = (os.getpid(), random.Random(f"{self._plan['seed']}:{os.getpid()}"))
        dice = self._random[1]
        crash = dice.random() < self._plan["share"]
        self._note(f"{point} crash" if crash else point)
        if crash and dice.random() < 0.5:
            os.kill(os.getpid(), signal.SIGKILL)
        if crash:
            os.killpg(os.getpgrp(), signal.SIGKILL)

    def _note(self, line: str) -> None:
        handle = os.open(self._folder / "passings", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(handle, f"{line}\n".encode())
        os.close(handle)


def install(folder: Path) -> Callable[[str], None]:
    """Put a `Reacher` of `folder` in the place of the product's `reach`, in this process."""
    from engine.core import points as below
    from payments.pipeline import points

    reacher = Reacher(folder)
    points.reach = below.reach = reacher.reach
    return reacher.reach


def _first(flag: str) -> bool:
    """True for the one process that makes the flag, with its pid in it."""
    try:
        handle = os.open(flag, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    os.write(handle, str(os.getpgrp()).encode())
    os.close(handle)
    return True
