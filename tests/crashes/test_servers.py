"""The servers under the workers fail: the queue is emptied, frozen, killed; the database is killed mid-run."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from sandbox.live import servers
from sandbox.live.house import House, house
from tests.crashes.outcome import settled_once

FROZEN_SECONDS = 4.0  # longer than the harness's and the wake-up thread's own patience


@pytest.fixture(scope="module")
def standing() -> Iterator[House]:
    """A house on a PostgreSQL and a Valkey of its own."""
    with servers.own() as on, house(on) as made:
        made.subscribe(6)
        made.staff(money=1, io=2)
        yield made


def in_flight(home: House) -> bool:
    return bool(home.sql("SELECT EXISTS (SELECT 1 FROM payments_payment WHERE state = 'in_flight')")[0][0])


def test_the_queue_is_flushed(home: House) -> None:
    """Messages lay there, and none was left: the tick tells of the same work again."""
    queue = servers.connect(home.redis_url)
    for worker in home.workers.values():
        worker.stop()
    home.make_due()
    assert home.until(lambda: all(queue.llen(name) for name in ("plan", "io"))), "nothing lay in the queues"
    queue.flushall()
    assert not any(queue.llen(name) for name in ("plan", "io"))
    for worker in home.workers.values():
        worker.thaw()
    for _ in range(5):
        queue.flushall()
        time.sleep(0.2)
    settled_once(home)


def test_the_queue_stands_still(home: House) -> None:
    """What is on its way is told and stored all the same: evidence never waits for Valkey."""
    home.chain.net.fault("slow", methods=["sendTransaction"], delay_ms=300, count=6)
    home.make_due()
    assert home.until(lambda: in_flight(home))
    before = home.sql("SELECT count(*) FROM payments_evidence")[0][0]
    home.servers.signal("valkey", signal.SIGSTOP)
    stored = home.until(
        lambda: home.sql("SELECT count(*) FROM payments_evidence")[0][0] > before, FROZEN_SECONDS
    )
    time.sleep(FROZEN_SECONDS)
    home.servers.signal("valkey", signal.SIGCONT)
    assert stored, "evidence waited for the queue"
    settled_once(home)


def test_the_queue_is_killed_and_comes_back(home: House) -> None:
    home.make_due()
    assert home.until(lambda: in_flight(home))
    home.servers.kill("valkey")
    time.sleep(1)
    home.servers.start_again("valkey")
    settled_once(home)


def test_the_database_is_killed_and_comes_back(home: House) -> None:
    home.chain.net.fault("slow", methods=["sendTransaction"], delay_ms=300, count=6)
    home.make_due()
    assert home.until(lambda: in_flight(home))
    home.servers.kill("postgres")
    time.sleep(1)
    home.servers.start_again("postgres")
    settled_once(home)
