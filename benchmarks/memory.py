"""(d) Peak memory of planner, workers and beat while n and 10 n due rows are worked to their end."""

from __future__ import annotations

import time

import psutil

from benchmarks.sampling import Sampler
from benchmarks.settle import Field, _note
from benchmarks.sizes import Size
from benchmarks.workers import workers
from engine.core import wake


class Watch(Sampler):
    """Samples the memory of process trees. PSS shares a page among those who map it, RSS does not."""

    pause = 0.2

    def __init__(self, pids: dict[str, int]) -> None:
        super().__init__()
        self._trees = {name: psutil.Process(pid) for name, pid in pids.items()}
        self.peaks = {name: {"rss": 0.0, "pss": 0.0} for name in pids}

    def sample(self) -> None:
        """The peak so far."""
        for name, process in self._trees.items():
            peak, now = self.peaks[name], tree(process)
            self.peaks[name] = {kind: max(peak[kind], now[kind]) for kind in peak}


def tree(process: psutil.Process) -> dict[str, float]:
    """MB of a process and its children now."""
    found = {"rss": 0.0, "pss": 0.0}
    for each in (process, *process.children(recursive=True)):
        try:
            memory = each.memory_full_info()
        except psutil.NoSuchProcess:
            continue
        found["rss"] += memory.rss / 1e6
        found["pss"] += memory.pss / 1e6
    return found


def measure(size: Size) -> dict[str, object]:
    """Each number of due rows; with `fresh` each with workers of its own."""
    field, sizes = Field(), size["due"]
    groups = [[due] for due in sizes] if size["fresh"] else [sizes]
    return {"runs": [run for group in groups for run in _with_workers(field, group, size["warm"])]}


def _with_workers(field: Field, sizes: list[int], warm: int) -> list[dict[str, object]]:
    runs: list[dict[str, object]] = []
    with workers(money=2) as pids:
        _work(field, warm)
        for due in sizes:
            with Watch(pids) as watch:
                began = time.monotonic()
                _work(field, due)
            runs.append({"due": due, "seconds": time.monotonic() - began, "peaks": watch.peaks})
    return runs


def _work(field: Field, due: int) -> None:
    before = field.due(due)
    wake.publish(wake.Wake("billing.claim_due"))
    _note("memory", before, due, {})
