"""(h) One io worker against a gateway that answers 200 ms late: alone, and beside one that hangs and one that drips."""

from __future__ import annotations

import os
import time
from datetime import datetime
from statistics import mean

from django.db import connection

from benchmarks import seed
from benchmarks.api import cpu_seconds
from benchmarks.gateways import CURRENCY, IN_FLIGHT, LATENCY, SICK, World
from benchmarks.memory import Watch
from benchmarks.sampling import Sampler
from benchmarks.sizes import Size
from benchmarks.workers import workers
from billing import cycle
from engine.core import clock, sql, wake
from engine.core.actor import SYSTEM
from payments import switches

HEALTHY = "flutterwave"
MOST_SECONDS = 600
OPEN = "SELECT 1 FROM payments_payment WHERE provider = %(provider)s AND state IN ('scheduled', 'in_flight') LIMIT 1"
UNASKED = """
SELECT 1 FROM payments_payment p WHERE p.provider = %(provider)s AND p.state IN ('scheduled', 'in_flight')
   AND NOT EXISTS (SELECT 1 FROM payments_evidence e WHERE e.payment_id = p.id) LIMIT 1"""
REPLIES = """
SELECT count(*), min(e.observed_at), max(e.observed_at),
       percentile_disc(0.1) WITHIN GROUP (ORDER BY e.observed_at),
       percentile_disc(0.9) WITHIN GROUP (ORDER BY e.observed_at),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY (e.detail->'trace'->>'seconds')::float)
  FROM payments_evidence e JOIN payments_attempt a ON a.id = e.attempt_id
 WHERE a.provider = %(provider)s AND e.source = 'reply' AND e.outcome = 'succeeded' AND e.observed_at >= %(since)s"""
ON_THEIR_WAY = """
SELECT count(*) FROM payments_attempt a WHERE a.provider = %(provider)s AND a.state = 'sent'
   AND NOT EXISTS (SELECT 1 FROM payments_evidence e WHERE e.attempt_id = a.id AND e.outcome <> 'step')"""
CONNECTIONS = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'bench-io'"""


class Sampled(Sampler):
    """While it runs: most database connections of the io worker, and the sends on their way in each sick lane."""

    pause = 0.25

    def __init__(self) -> None:
        super().__init__()
        self.connections = 0
        self.stuck: dict[str, list[int]] = {name: [] for name in SICK}

    def sample(self) -> None:
        """The most so far, and one more count of each lane."""
        self.connections = max(self.connections, sql.rows(CONNECTIONS)[0][0])
        for name, seen in self.stuck.items():
            seen.append(_on_their_way(name))

    def end(self) -> None:
        """The thread had a connection of its own."""
        connection.close()


def measure(size: Size, world: World) -> dict[str, object]:
    """The simulator alone, the healthy lane alone, then with all threads of two other lanes held by the sick."""
    ceiling = world.ceiling(size["ceiling"])
    owed = world.charged()
    switches.seed()
    seed.plans(os.environ["DATABASE_URL"], currency=CURRENCY)
    with workers(money=1) as pids:
        _round(world, pids, size["warm"])
        alone = [_round(world, pids, size["charges"]) for _ in range(size["rounds"])]
        world.sicken()
        _fill_sick(world, size)
        beside = [_round(world, pids, size["charges"]) for _ in range(size["rounds"])]
    owed += size["warm"] + 2 * size["rounds"] * size["charges"]
    if (moved := world.charged()) != owed:
        raise RuntimeError(f"{moved} charges moved money at the gateway, {owed} were owed")
    return {
        **size,
        "latency": LATENCY,
        "in_flight": IN_FLIGHT,
        "ceiling": ceiling,
        "alone": alone,
        "beside": beside,
    }


def _fill_sick(world: World, size: Size) -> None:
    """Enough for them to stay busy, and so many on their way in each before the healthy lane begins."""
    for name in SICK:
        _schedule(world, name, size["sick"])
        _wake(name)
    until = time.monotonic() + MOST_SECONDS
    while any(_on_their_way(name) < size["stuck"] for name in SICK):
        if time.monotonic() > until:
            raise TimeoutError("the sick lanes never filled")
        time.sleep(0.1)


def _round(world: World, pids: dict[str, int], charges: int) -> dict[str, float]:
    """Fill the healthy lane while it is paused, let it go, and wait until the last charge is settled."""
    switches.pause(HEALTHY, reason="the benchmark fills the lane first", by=SYSTEM)
    _schedule(world, HEALTHY, charges)
    switches.resume(HEALTHY, reason="the lane is full", by=SYSTEM)
    since, spent = clock.machine_now(), cpu_seconds(pids["bench-io"])
    with Watch({"io": pids["bench-io"]}) as watch, Sampled() as sampled:
        _wake(HEALTHY)
        _wait(UNASKED)
        spent = cpu_seconds(pids["bench-io"]) - spent
    _wait(OPEN)
    return {
        **_replies(since, charges), "cpu_ms": spent * 1000 / charges, **watch.peaks["io"],
        "connections": sampled.connections,
        **{name: mean(seen) for name, seen in sampled.stuck.items()},
    }  # fmt: skip


def _schedule(world: World, provider: str, count: int) -> None:
    """New subscriptions of this provider with a scheduled payment each."""
    url = os.environ["DATABASE_URL"]
    first, world.people = world.people, world.people + count
    seed.subscriptions(
        url, first, count, provider=provider, details=world.payers[provider], currency=CURRENCY
    )
    seed.make_due(url, first, count)
    cycle.claim(0)
    cycle.finalize()
    seed.settle_down(url)


def _wake(provider: str) -> None:
    wake.publish(wake.Wake("payments.send", (("operation", "charge"), ("provider", provider))))


def _wait(probe: str) -> None:
    until = time.monotonic() + MOST_SECONDS
    while sql.rows(probe, {"provider": HEALTHY}):
        if time.monotonic() > until:
            raise TimeoutError(f"not settled after {MOST_SECONDS} s")
        time.sleep(0.25)


def _replies(since: datetime, charges: int) -> dict[str, float]:
    count, first, last, tenth, ninth, seconds = sql.rows(REPLIES, {"provider": HEALTHY, "since": since})[0]
    if count != charges:
        raise RuntimeError(f"{count} of {charges} were answered with success")
    return {
        "rate": charges / (last - first).total_seconds(),
        "steady": 0.8 * charges / (ninth - tenth).total_seconds(),
        "call_ms": seconds * 1000,
    }


def _on_their_way(provider: str) -> int:
    found: int = sql.rows(ON_THEIR_WAY, {"provider": provider})[0][0]
    return found
