"""One house per test process, with workers and subscribers in it; each test hurts it and asks for a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.live import servers
from sandbox.live.house import House, house
from sandbox.live.nursery import NUMBER_BATCH
from sandbox.live.servers import Servers

HERE = Path(__file__).parent
SUBSCRIBERS = 4
NUMBERED_AT_ONCE = 3
"""Fewer than there are invoices to number: a kill can fall between two batches."""
FEW_NUMBERS = {NUMBER_BATCH: str(NUMBERED_AT_ONCE)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session")
def given() -> Servers:
    return servers.given()


@pytest.fixture(scope="package")
def standing(given: Servers) -> Iterator[House]:
    """A staffed house that stays for all tests of this process, and no longer: it works while it waits."""
    with house(given) as made:
        made.subscribe(SUBSCRIBERS)
        made.staff(money=1, io=2, **FEW_NUMBERS)
        yield made


@pytest.fixture
def fresh(given: Servers) -> Iterator[House]:
    """A staffed house for one test that leaves traces."""
    with house(given) as made:
        made.subscribe(SUBSCRIBERS)
        made.staff(money=1, io=1)
        yield made


@pytest.fixture
def home(standing: House) -> Iterator[House]:
    """The standing house, whole: workers alive, no fault, no crash planned."""
    standing.keep = True
    if "io-1" not in standing.workers:
        standing.start("io-1", "io", **FEW_NUMBERS)
    standing.mend()
    yield standing
    standing.crash.disarm()
    standing.chain.net.clear_faults()
    standing.chain.net.resume()
    for worker in standing.workers.values():
        worker.thaw()
    standing.step_machine_time(0)
