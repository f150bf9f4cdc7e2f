"""A thread that looks again and again while something else is measured."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import Self


class Sampler(ABC):
    """Calls `sample` each `pause` seconds in a thread of its own. A context manager: leaving it ends the thread."""

    pause: float

    def __init__(self) -> None:
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    @abstractmethod
    def sample(self) -> None:
        """One look."""

    def end(self) -> None:  # noqa: B027
        """After the last look, in that thread; most have nothing to do."""

    def _work(self) -> None:
        while not self._done.wait(self.pause):
            self.sample()
        self.end()
