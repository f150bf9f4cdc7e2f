"""SIGSTOP for longer than every deadline: the world goes on, and the thawed worker does no harm."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from payments.pipeline import points
from sandbox.live.crash import STOP, TERM
from sandbox.live.house import House
from sandbox.live.spans import SETTLE_SECONDS, SHORT
from tests.crashes.outcome import settled_once

# Longer than from mark sent to the end of the last deadline that anybody waits for.
EVERY_DEADLINE = sum(float(SHORT[f"SEND_{name}_SECONDS"]) for name in ("WINDOW", "DEADLINE")) + float(
    SHORT["TAKE_SECONDS"]
)


def thaw(flag: Path) -> None:
    os.killpg(int(flag.read_text()), signal.SIGCONT)


def said(home: House, code: str) -> int:
    return int(home.sql("SELECT count(*) FROM payments_evidence WHERE code = %(code)s", {"code": code})[0][0])


@pytest.mark.parametrize("point", [points.SEND_BEFORE_CHECK, points.SEND_BEFORE_FIRST_BYTE])
def test_stopped_around_the_last_check(home: House, point: str) -> None:
    """Others settle it meanwhile; what the thawed worker then sends, or says it did not, changes nothing."""
    refused = said(home, "window_over")
    stopped = home.crash.arm(point, STOP)
    home.make_due()
    assert home.until(stopped.exists)
    settled_once(home)
    time.sleep(EVERY_DEADLINE)
    thaw(stopped)
    if point == points.SEND_BEFORE_CHECK:
        assert home.until(lambda: said(home, "window_over") > refused), "the thawed worker sent anyway"
    else:
        assert home.until(lambda: said(home, "already_processed") + said(home, "accepted") > 0)
    settled_once(home)


def test_stopped_before_the_first_byte_until_its_blockhash_is_dead(home: House) -> None:
    """Its payment was signed anew and paid meanwhile: the old bytes go out at last, and can't land."""
    before = home.verdict().resigned
    lost = home.chain.net.fault("drop")
    stopped = home.crash.arm(points.SEND_BEFORE_FIRST_BYTE, STOP)
    home.make_due()
    assert home.until(stopped.exists)
    assert home.until(lambda: home.verdict(books=False).resigned > before), "nothing was ever signed anew"
    home.chain.net.clear_faults(lost)
    settled_once(home)
    thaw(stopped)
    time.sleep(EVERY_DEADLINE)
    assert settled_once(home).resigned > before


@pytest.mark.parametrize("point", [points.EVIDENCE_COMMITTED, points.APPLY_COMMITTED, points.VERIFY_LOOKED])
def test_stopped_with_what_it_knows(home: House, point: str) -> None:
    """Its knowledge is old when it goes on; compare-and-set refuses what came too late."""
    stopped = home.crash.arm(point, STOP)
    home.make_due()
    assert home.until(stopped.exists)
    if point == points.APPLY_COMMITTED:
        # The only worker of its kind: nobody goes on for it.
        time.sleep(EVERY_DEADLINE)
        thaw(stopped)
    settled_once(home)
    thaw(stopped)
    time.sleep(0.5)
    settled_once(home)


def test_stopped_while_it_holds_the_locks(home: House) -> None:
    """In the middle of mark sent: the server cuts it off after 30 s, others go on, and it finds nothing done."""
    stopped = home.crash.arm(points.MARK_BEFORE_COMMIT, STOP)
    home.make_due()
    assert home.until(stopped.exists)
    assert home.settle(2 * SETTLE_SECONDS)
    thaw(stopped)
    settled_once(home)
    home.make_due()
    settled_once(home)


def test_told_to_stop_between_the_commit_and_the_first_byte(home: House) -> None:
    """SIGTERM: no new send starts. What was marked says at once that it did not leave, and is sent anew."""
    before = said(home, "worker_stopping")
    told = home.crash.arm(points.SEND_BEFORE_CHECK, TERM)
    home.make_due()
    assert home.until(told.exists)
    settled_once(home)
    assert said(home, "worker_stopping") > before, "what was marked left although its worker was told to stop"
    assert home.until(lambda: all(worker.alive() for worker in home.workers.values()))
