"""(e) Everything due at once: claimed into drafts by one or two claimers, with a finalizer beside them, and alone."""

from __future__ import annotations

import os
import time

from benchmarks import seed
from benchmarks.roles import Role
from benchmarks.sizes import Size


def measure(size: Size) -> dict[str, object]:
    """Each number of claimers on rows of its own."""
    url, due = os.environ["DATABASE_URL"], size["due"]
    seed.plans(url)
    runs = []
    layouts = [(claimers, True) for claimers in size["beside"]]
    layouts += [(claimers, False) for claimers in size["alone"]]
    for number, (claimers, beside) in enumerate(layouts):
        seed.subscriptions(url, number * due, due, provider="instant")
        seed.make_due(url, number * due, due)
        seed.settle_down(url)
        runs.append(_run(claimers, due, beside=beside))
    return {"due": due, "runs": runs}


def _run(claimers: int, due: int, *, beside: bool) -> dict[str, float]:
    claims = [Role("claim") for _ in range(claimers)]
    finalizers = [Role("finalize", "beside")] if beside else []
    for role in (*claims, *finalizers):
        role.ready()
    began = time.perf_counter()
    for role in (*claims, *finalizers):
        role.go()
    found = [role.result() for role in claims]
    seconds = max(one["ended"] for one in found) - began
    claimed = sum(one["count"] for one in found)
    if claimed != due:
        raise RuntimeError(f"{claimed} of {due} were claimed")
    opened = sum(one.result()["count"] for one in finalizers)
    return {"claimers": claimers, "beside": beside, "seconds": seconds, "rate": due / seconds, "finalized": opened,
            "finalize_rate": opened / seconds}  # fmt: skip
