"""Clocks that are wrong: machine time jumps, a worker's wall clock is a day off."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sandbox.live import skew
from sandbox.live.house import House
from sandbox.run.paths import CHECKOUT
from tests.crashes.outcome import settled_once

SHIFTED = """
import time
import celery.worker.request, kombu.asynchronous.timer, kombu.transport.redis
from sandbox.live import skew
began = time.time()
skew.apply(86_400)
seen = {"time": time.time, "request": celery.worker.request.time, "timer": kombu.asynchronous.timer._time,
        "redis": kombu.transport.redis.time}
print(sorted(name for name, read in seen.items() if read() - began > 86_000))
"""
HOUR = 3600
DAY = 86_400


def sent(home: House) -> int:
    return int(home.sql("SELECT count(*) FROM payments_attempt")[0][0])


@pytest.mark.parametrize("steps", [(HOUR, 0), (-HOUR, 0), (HOUR, -HOUR, 0)], ids=str)
def test_machine_time_jumps_while_money_is_on_its_way(home: House, steps: tuple[int, ...]) -> None:
    """Deadlines are over at once, or an hour away; no jump makes anything move twice."""
    before = sent(home)
    home.chain.net.fault("lost", methods=["sendTransaction"], count=2)
    home.make_due()
    assert home.until(lambda: sent(home) > before)
    for step in steps:
        home.step_machine_time(step)
        home.settle(1.5)
    # What was put off while the clock was ahead is due again when it is back there.
    home.step_machine_time(HOUR + 1)
    settled_once(home)


def test_a_skewed_clock_is_read_by_what_bound_it_before() -> None:
    argv = [sys.executable, "-c", SHIFTED]
    told = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert told.stdout.strip() == "['redis', 'request', 'time', 'timer']"


def test_workers_whose_wall_clocks_are_days_apart(home: House) -> None:
    for name, seconds in (("ahead", DAY), ("behind", -3 * DAY)):
        home.start(f"io-{name}", "io", **{skew.VARIABLE: str(seconds)})
        home.start(f"money-{name}", "money", **{skew.VARIABLE: str(-seconds)})
    straight = [worker for name, worker in home.workers.items() if name[-1].isdigit()]
    for worker in straight:
        worker.stop()
    home.chain.net.fault("lost", methods=["sendTransaction"], count=2)
    home.make_due()
    # Nobody else works: what is settled now was settled by them alone.
    assert home.settle(), home.verdict(books=False)
    assert home.verdict(books=False).succeeded == home.owed
    for worker in straight:
        worker.thaw()
    settled_once(home)
    for name in ("io-ahead", "money-ahead", "io-behind", "money-behind"):
        home.dismiss(name)
