"""A verb of the product in a loop, in a process of its own: `python -m benchmarks.roles settle`.

It says "ready", waits for a line on stdin, works until nothing is left (or, with `beside`, until stdin
ends), and prints what it did as JSON. The same functions are called in process by the other measurements.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import django

BATCH = 500
CLAIMED = 1000  # what cycle.claim takes of its own accord


def settle(batch: int = BATCH) -> int:
    """Take, mark sent, send, store evidence, apply: one batch of the instant lane; how many were settled."""
    return apply_some(batch) if send_some(batch) else 0


def send_some(batch: int = BATCH) -> int:
    """One batch up to its stored evidence."""
    from engine.core import clock
    from engine.providers import registry
    from payments.pipeline import evidence, send
    from payments.pipeline.evidence import Said
    from payments.pipeline.mark_sent import mark_sent
    from payments.pipeline.take import payables, take

    taken = take("charge", "instant", most=batch)
    if not taken:
        return 0
    provider = registry.get("instant")
    wanted = payables(taken, "charge", machine_at=clock.machine_now())
    marked, _ = mark_sent(provider, wanted, provider.context(wanted), free=batch)
    said = []
    for one in marked:
        finding, source = send.send(provider, one, _no_steps)
        sent = one.sendable
        said.append(Said(sent.attempt_id, sent.payment_id, sent.send_no, source, finding))
    evidence.store(said)
    return len(said)


def _no_steps(step: object) -> None:
    raise AssertionError("the instant provider sends in one call")


def apply_some(batch: int = BATCH) -> int:
    """One batch of evidence."""
    from payments.pipeline import apply

    return apply.apply(batch=batch)


def claim(batch: int = CLAIMED) -> int:
    """One batch of due rows."""
    from billing import cycle

    return cycle.claim(0, batch=batch, most=batch).claimed


def finalize(batch: int = BATCH) -> int:
    """One batch of drafts."""
    from billing import cycle

    return cycle.finalize(batch=batch, most=batch).finalized


VERBS: dict[str, Callable[..., int]] = {"settle": settle, "claim": claim, "finalize": finalize}


class Role:
    """A started process of one role."""

    def __init__(self, name: str, *words: str) -> None:
        command = [sys.executable, "-m", "benchmarks.roles", name, *words]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ready(self) -> None:
        """Wait until it can begin."""
        self._line()

    def go(self) -> None:
        assert self._process.stdin
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def result(self) -> dict[str, float]:
        """Its figures, when it has come to its end; ends one that works `beside`."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        found: dict[str, float] = json.loads(self._line())
        self._process.wait()
        self._process.stdout.close()
        return found

    def _line(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a role ended with exit code {self._process.wait()}")
        return line


def together(names: Sequence[str]) -> tuple[float, list[dict[str, float]]]:
    """Run these roles side by side to their ends; seconds from the first start, and what each did."""
    roles = [Role(name) for name in names]
    for role in roles:
        role.ready()
    began = time.perf_counter()
    for role in roles:
        role.go()
    found = [role.result() for role in roles]
    return max(result["ended"] for result in found) - began, found


def _main(name: str, beside: bool) -> None:
    django.setup()
    from engine.core import clock

    clock.machine_now()
    work, count = VERBS[name], 0
    work(0)  # imports what it needs
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        done = work()
        count += done
        if beside and select.select([sys.stdin], [], [], 0 if done else 0.01)[0]:
            break
        if not done and not beside:
            break
    # perf_counter is the machine's monotonic clock here: the parent may subtract its own reading.
    print(json.dumps({"count": count, "ended": time.perf_counter()}), flush=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    _main(sys.argv[1], "beside" in sys.argv[2:])
