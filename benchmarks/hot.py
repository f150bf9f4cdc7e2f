"""Where the time of (b) goes: cProfile of the io driver and of apply, one after the other, in one process.

`python -m benchmarks.hot [CHARGES]`. The driver's own thread is profiled (its executor's threads only answer);
waiting for PostgreSQL shows as psycopg's `wait`, and the statements are listed with the seconds of each.
"""

from __future__ import annotations

import cProfile
import io
import pstats
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from benchmarks.sizes import Size

TOP = 25


def measure(size: Size) -> dict[str, object]:
    """Prints both profiles; the seconds of each part."""
    from django.conf import settings

    from benchmarks.settle import Field
    from billing import cycle
    from payments.pipeline import apply, driver
    from payments.pipeline.lanes import Lane

    charges = size["charges"]
    field = Field()
    field.due(charges)
    settings.ENV.lane_seconds = 600.0
    parts: dict[str, Callable[[], object]] = {
        "claim": lambda: cycle.claim(0),
        "finalize": cycle.finalize,
        "driver": lambda: driver.drive(Lane("charge", "instant")),
        "apply": lambda: apply.drain(seconds=600),
    }
    return {
        name: {"seconds": _profiled(name, part, charges), "charges": charges} for name, part in parts.items()
    }


def _profiled(name: str, part: Callable[[], object], charges: int) -> float:
    from django.db import connection

    spent: dict[str, list[float]] = defaultdict(list)

    def timed(execute: Callable[..., Any], text: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        result = execute(text, params, many, context)
        spent[" ".join(text.split())[:60]].append(time.perf_counter() - began)
        return result

    profile = cProfile.Profile()
    began = time.perf_counter()
    with connection.execute_wrapper(timed):
        profile.runcall(part)
    seconds = time.perf_counter() - began
    print(f"\n== {name}: {charges / seconds:,.0f} a second under the profiler, {seconds:.1f} s")
    for text, spans in sorted(spent.items(), key=lambda item: -sum(item[1]))[:12]:
        print(f"{sum(spans):8.2f} s {len(spans):6} x {1000 * sum(spans) / len(spans):8.2f} ms  {text}")
    out = io.StringIO()
    pstats.Stats(profile, stream=out).sort_stats("tottime").print_stats(TOP)
    print("\n".join(line for line in out.getvalue().splitlines()[6:] if line.strip()))
    return seconds


def main(charges: int) -> None:
    from benchmarks.house import house

    with house() as made:
        made.measure("hot", {"charges": charges})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
