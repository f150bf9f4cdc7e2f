"""Two beats and four dispatchers on the same due rows: each period is billed and collected once (I10)."""

from __future__ import annotations

import pytest

from sandbox.live import servers
from sandbox.live.house import house

pytestmark = pytest.mark.live


def test_two_beats_and_four_dispatchers_on_the_same_due_rows() -> None:
    with house(servers.given(), ticker=False) as home:
        home.subscribe(40)
        home.staff(money=4, io=3)
        home.make_due()
        for number in (1, 2):
            home.start(f"beat-{number}", "beat")
        home.until(lambda: not home.is_open())
        home.make_due()
        assert home.settle(), home.verdict()
        verdict = home.verdict()
        assert verdict.holds, verdict
        assert verdict.succeeded == home.owed == 80
