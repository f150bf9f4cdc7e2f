"""`make prove` in its short form: the storm blows, and the product holds."""

from __future__ import annotations

from sandbox.live.servers import Servers
from sandbox.prove import storm, table
from sandbox.prove.storm import Weather

SHORT = Weather(payments=60, seed=7, crashes=0.04, waves=2)


def test_the_product_holds_in_the_storm(given: Servers) -> None:
    result = storm.run(given, SHORT)
    shown = table.text([result], SHORT)
    assert result.verdict.holds, f"{result.verdict}\n{shown}"
    assert result.verdict.payments == SHORT.payments
    assert result.crashes.total() > 10 and result.restarts > 0, shown
    assert sum(result.faults.values()) > 10 and result.verdict.resent > 0, shown
