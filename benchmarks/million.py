"""(e) Everything due at once: claimed into drafts by one or two claimers, with a finalizer beside them."""

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
    for number, claimers in enumerate(size["claimers"]):
        seed.subscriptions(url, number * due, due, provider="instant")
        seed.make_due(url, number * due, due)
        seed.settle_down(url)
        runs.append(_run(claimers, due))
    return {"due": due, "runs": runs}


def _run(claimers: int, due: int) -> dict[str, float]:
    claims = [Role("claim") for _ in range(claimers)]
    beside = Role("finalize", "beside")
    for role in (*claims, beside):
        role.ready()
    began = time.perf_counter()
    for role in (*claims, beside):
        role.go()
    found = [role.result() for role in claims]
    seconds = max(one["ended"] for one in found) - began
    claimed = sum(one["count"] for one in found)
    if claimed != due:
        raise RuntimeError(f"{claimed} of {due} were claimed")
    opened = beside.result()["count"]
    return {"claimers": claimers, "seconds": seconds, "rate": due / seconds, "finalized": opened,
            "finalize_rate": opened / seconds}  # fmt: skip
