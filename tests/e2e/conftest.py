"""One running product for all of them: web, workers, beat, chain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.live import servers
from sandbox.live.house import House, house
from sandbox.live.web import free_port, web

FLOWER = "http://flower.example"
BEAT = {
    "PAYMENT_PROCESSING_SECONDS": "0.5",
    "GRACE_PERIOD": "1",
    "API_RATE_LIMIT": "100000",
    "FLOWER_URL": FLOWER,
}


@pytest.fixture(scope="package")
def home() -> Iterator[House]:
    """Real workers and a real beat; nobody else wakes them."""
    with house(servers.given(), ticker=False, settings=BEAT) as made:
        made.staff(money=1, io=1)
        made.start("beat", "beat")
        yield made


@pytest.fixture(scope="package")
def address(home: House) -> Iterator[str]:
    """Where its web process answers."""
    with web(home, port=free_port(), settings=BEAT) as found:
        yield found
