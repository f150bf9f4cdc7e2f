"""kill -9 at every boundary: the real worker process dies there, and everything is settled once."""

from __future__ import annotations

import pytest

from payments.pipeline import points
from sandbox.live.house import House
from tests.crashes.outcome import settled_once

NEEDS_A_RESEND = (points.RESEND_BEFORE_COMMIT, points.RESEND_COMMITTED)


@pytest.mark.parametrize("point", points.ALL)
def test_a_worker_killed_at_each_boundary_costs_nothing(home: House, point: str) -> None:
    if point in NEEDS_A_RESEND:
        home.chain.net.fault("drop", count=2)
    died = home.crash.arm(point)
    home.make_due()
    assert home.until(died.exists), f"no worker passed {point}"
    settled_once(home)


def test_killed_again_and_again(home: House) -> None:
    home.make_due()
    for point in (
        points.TAKE_COMMITTED,
        points.SEND_ANSWERED,
        points.VERIFY_TAKEN,
        points.APPLY_BEFORE_COMMIT,
    ):
        died = home.crash.arm(point)
        home.until(lambda died=died: died.exists() or not home.is_open())  # type: ignore[misc]
    settled_once(home)
