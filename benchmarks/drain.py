"""(a) Claim and finalize in a table of a given size: rows per second, and the cost per batch in a drain."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from statistics import median

from benchmarks import seed
from benchmarks.sizes import Size
from billing import cycle


def measure(size: Size) -> dict[str, object]:
    """Drain `rounds` cohorts of due rows, each spread evenly over the table."""
    url, table, due = os.environ["DATABASE_URL"], size["table"], size["due"]
    seed.plans(url)
    seed.subscriptions(url, 0, table, provider="instant")
    seed.settle_down(url)
    rounds = [_round(url, size, number, table // due) for number in range(size["rounds"])]
    return {"table": table, "due": due, "batch": size["batch"], "rounds": rounds}


def _round(url: str, size: Size, number: int, step: int) -> dict[str, object]:
    seed.make_due(url, number, size["due"], step=step)
    seed.settle_down(url)
    batch = size["batch"]
    claims = _drain(lambda: cycle.claim(0, batch=batch, most=batch).claimed, size["warm"])
    opened = _drain(lambda: cycle.finalize(batch=batch, most=batch).finalized, size["warm"])
    return {"claim": claims, "finalize": opened, "together": 1 / (1 / claims["rate"] + 1 / opened["rate"])}


def _drain(one: Callable[[], int], warm: int) -> dict[str, float]:
    """Call `one` until it finds nothing; the first `warm` batches are not counted."""
    spans: list[float] = []
    rows = 0
    while True:
        began = time.perf_counter()
        count = one()
        span = time.perf_counter() - began
        if not count:
            break
        spans.append(span)
        rows += count if len(spans) > warm else 0
    counted = spans[warm:]
    tenth = max(1, len(counted) // 10)
    first, last = median(counted[:tenth]), median(counted[-tenth:])
    return {
        "rate": rows / sum(counted), "batch_ms": 1000 * median(counted), "first_ms": 1000 * first,
        "last_ms": 1000 * last, "batches": len(counted),
    }  # fmt: skip
