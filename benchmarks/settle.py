"""(b) Settled charges per second: through Valkey and Celery workers, by pgbench one at a time, and the limit.

Three ways over the same rows in the same database on the same server, in turns.
"""

from __future__ import annotations

import os
import time
from datetime import datetime

from benchmarks import pgbench, roles, seed
from benchmarks.sizes import Size
from benchmarks.workers import workers
from billing import cycle
from config.env import Env
from engine.core import clock, sql, wake
from engine.core.actor import SYSTEM
from payments import switches

# What an operator who sets nothing has.
DEFAULTS = {name: Env.model_fields[name].default for name in ("lane_threads", "payment_batch_size")}

OPEN = "SELECT 1 FROM payments_payment WHERE state IN ('scheduled', 'in_flight') LIMIT 1"
DUE = "SELECT 1 FROM billing_subscription WHERE clock_id = 0 AND next_due_at <= machine_now() LIMIT 1"
DRAFTS = "SELECT 1 FROM billing_invoice WHERE next_action_at IS NOT NULL LIMIT 1"
# On clock 0, so it is machine time: when the claim of the first of them began.
BEGUN = "SELECT min(created_at) FROM billing_invoice WHERE clock_id = 0 AND created_at >= %(before)s"
SETTLED = """SELECT count(*), max(ended_at), percentile_disc(0.1) WITHIN GROUP (ORDER BY ended_at),
                    percentile_disc(0.9) WITHIN GROUP (ORDER BY ended_at)
               FROM payments_payment WHERE state = 'succeeded' AND ended_at >= %(since)s"""
MOST_SECONDS = 900


TRIES = 4


class Field:
    """The database of this measurement, and how many of its subscriptions have been used."""

    def __init__(self) -> None:
        self.url = os.environ["DATABASE_URL"]
        self._used = 0
        seed.plans(self.url)

    def due(self, count: int) -> datetime:
        """New subscriptions, all due; the moment before: a worker may have begun by the time they have settled down."""
        seed.subscriptions(self.url, self._used, count, provider="instant")
        before = clock.machine_now()
        seed.make_due(self.url, self._used, count)
        seed.settle_down(self.url)
        self._used += count
        return before

    def scheduled(self, count: int) -> None:
        """New subscriptions with a scheduled payment each."""
        self.due(count)
        cycle.claim(0)
        cycle.finalize()
        seed.settle_down(self.url)


def measure(size: Size) -> dict[str, object]:
    """Rounds of all ways in turns; each figure is a list with one entry a round."""
    field, charges = Field(), size["charges"]
    field.due(pgbench.SPARE * 8)
    scripts = pgbench.scripts()
    found: dict[str, list[float]] = {}
    for number in range(size["rounds"]):
        _one_at_a_time(field, scripts, size["pgbench"], number, found)
        for processes in (1, 2):
            field.scheduled(charges)
            seconds, did = roles.together(["settle"] * processes)
            found.setdefault(f"limit_{processes}", []).append(sum(one["count"] for one in did) / seconds)
        for money in size["money"]:
            _through_celery(field, size, charges, f"celery_{money}", found, money)
    if size["defaults"]:
        os.environ.update({name.upper(): str(value) for name, value in DEFAULTS.items()})
        _through_celery(field, size, charges // 3, "celery_defaults", found, size["money"][0])
    return {
        "charges": charges,
        "warm": size["warm"],
        "pgbench_charges": 8 * size["pgbench"],
        "defaults": DEFAULTS,
        "figures": found,
    }


def _one_at_a_time(
    field: Field, scripts: dict[str, str], each: int, number: int, found: dict[str, list[float]]
) -> None:
    """pgbench on both spans. The rows left over at each step are worked off before the next way's turn."""
    for place, (name, script) in enumerate(scripts.items()):
        rate = _pgbench(field, name, script, each, start=(len(scripts) * number + place) * 1_000_000)
        found.setdefault(f"pgbench_{name}", []).append(rate)
    _work_off()
    field.due(pgbench.SPARE * 4)
    roles.claim(pgbench.SPARE * 4)
    roles.finalize(pgbench.SPARE * 3)
    roles.send_some(pgbench.SPARE)


def _pgbench(field: Field, name: str, script: str, each: int, *, start: int) -> float:
    """One run. A client that found its row taken ends the run: it is thrown away and made again."""
    total = pgbench.CLIENTS * each
    for again in range(TRIES):
        if name == "whole":
            field.due(total + pgbench.SPARE)
        else:
            field.scheduled(total)
        try:
            return pgbench.run(script, each, start=start + again * total)
        except RuntimeError:
            if again == TRIES - 1:
                raise
    raise AssertionError("a run ends in a rate or an error")


def _work_off() -> None:
    while roles.claim() + roles.finalize() + roles.send_some() + roles.apply_some():
        pass


def _through_celery(
    field: Field, size: Size, charges: int, name: str, found: dict[str, list[float]], money: int
) -> None:
    """Both spans through broker and workers: from scheduled, and from due, until the last one is settled."""
    _work_off()
    with workers(money=money):
        _warm_up(field, size["warm"])
        switches.pause("instant", reason="the benchmark fills the lane first", by=SYSTEM)
        field.scheduled(charges)
        switches.resume("instant", reason="the lane is full", by=SYSTEM)
        since = clock.machine_now()
        wake.publish(wake.Wake("payments.send", (("operation", "charge"), ("provider", "instant"))))
        _note(name, since, charges, found)
        before = field.due(charges)
        since = clock.machine_now()
        wake.publish(wake.Wake("billing.claim_due"))
        _note(f"{name}_whole", since, charges, found, before=before)


def _warm_up(field: Field, charges: int) -> None:
    before = field.due(charges)
    wake.publish(wake.Wake("billing.claim_due"))
    _note("warm_up", before, charges, {})


def _note(
    name: str, since: datetime, charges: int, found: dict[str, list[float]], *, before: datetime | None = None
) -> None:
    """Wait until all is settled and note the rate from `since` on.

    `before`: counted is what was settled from then on; beat may have had some of it claimed before `since`, and then
    the clock starts where that began.
    """
    until = time.monotonic() + MOST_SECONDS
    # In the order in which a row goes through them: asked the other way round it slips from one to the next unseen.
    while any(sql.rows(probe) for probe in (DUE, DRAFTS, OPEN)):
        if time.monotonic() > until:
            raise TimeoutError(f"{name}: not settled after {MOST_SECONDS} s")
        time.sleep(0.2)
    (count, last, tenth, ninth) = sql.rows(SETTLED, {"since": before or since})[0]
    if count != charges:
        raise RuntimeError(f"{name}: {count} of {charges} were settled")
    if before:
        since = min(since, sql.rows(BEGUN, {"before": before})[0][0])
    found.setdefault(name, []).append(charges / (last - since).total_seconds())
    steady = (ninth - tenth).total_seconds()
    found.setdefault(f"{name}_steady", []).append(0.8 * charges / steady if steady else 0.0)
