"""SIGSTOP for longer than every deadline: the world goes on, and the thawed worker does no harm."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from payments.pipeline import points
from sandbox.live.crash import STOP, TERM
from sandbox.live.house import House
from sandbox.live.spans import EVERY_DEADLINE
from tests.crashes.outcome import settled_once

UNSAID = """
SELECT a.id::text, n::int, a.identity
  FROM payments_attempt a CROSS JOIN LATERAL generate_series(1, a.send_no) n
 WHERE NOT EXISTS (SELECT 1 FROM payments_evidence e
                    WHERE e.attempt_id = a.id AND e.send_no = n AND e.source IN ('reply', 'local'))
"""


def thaw(flag: Path) -> None:
    os.killpg(int(flag.read_text()), signal.SIGCONT)


def said(home: House, code: str) -> int:
    return int(home.sql("SELECT count(*) FROM payments_evidence WHERE code = %(code)s", {"code": code})[0][0])


@dataclass(frozen=True)
class Send:
    """One send of one attempt."""

    attempt: str
    send_no: int
    identity: str


def unsaid(home: House) -> set[Send]:
    """Sends that nobody said anything of: neither an answer nor that they did not leave."""
    return {Send(*row) for row in home.sql(UNSAID)}


def unsent(home: House, before: set[Send]) -> list[Send]:
    """Of the sends that are unsaid since `before`, those of attempts that arrived less often than they were sent."""
    new = sorted(unsaid(home) - before, key=lambda each: each.identity)
    arrived = home.chain.net.arrivals([each.identity for each in new])
    return [each for each, times in zip(new, arrived, strict=True) if times < sends_of(home, each)]


def sends_of(home: House, send: Send) -> int:
    """How often its attempt was marked sent."""
    statement = "SELECT send_no FROM payments_attempt WHERE id = %(attempt)s"
    return int(home.sql(statement, {"attempt": send.attempt})[0][0])


def outcomes(home: House, sends: list[Send]) -> list[str]:
    """What these sends came to. One that was stopped inside its request has no time left for a first byte either."""
    statement = """SELECT outcome FROM payments_evidence WHERE attempt_id = %(attempt)s AND send_no = %(no)s
                     AND source IN ('reply', 'local')"""
    return [
        row[0] for each in sends for row in home.sql(statement, {"attempt": each.attempt, "no": each.send_no})
    ]


def codes(home: House, sends: list[Send]) -> list[str]:
    """What was said of exactly these sends, by who made them."""
    statement = """SELECT code FROM payments_evidence WHERE attempt_id = %(attempt)s AND send_no = %(no)s
                      AND source IN ('reply', 'local')"""
    return [
        row[0] for each in sends for row in home.sql(statement, {"attempt": each.attempt, "no": each.send_no})
    ]


@pytest.mark.parametrize("point", [points.SEND_BEFORE_CHECK, points.SEND_BEFORE_FIRST_BYTE])
def test_stopped_around_the_last_check(home: House, point: str) -> None:
    """Others settle it meanwhile; what the thawed worker then sends, or says it did not, changes nothing."""
    before = unsaid(home)
    stopped = home.crash.arm(point, STOP)
    home.make_due()
    assert home.until(stopped.exists)
    settled_once(home)
    held = unsent(home, before)
    assert held, "no send was stopped before its first byte"
    arrived = home.chain.net.arrivals([each.identity for each in held])
    time.sleep(EVERY_DEADLINE)
    thaw(stopped)
    assert home.until(lambda: len(codes(home, held)) == len(held)), (
        "the thawed worker said nothing of its sends"
    )
    left = [
        now - then
        for now, then in zip(home.chain.net.arrivals([s.identity for s in held]), arrived, strict=True)
    ]
    if point == points.SEND_BEFORE_CHECK:
        assert "window_over" in codes(home, held), "the thawed worker sent anyway"
    else:
        assert 1 in left, "the thawed worker sent nothing: the test proves nothing"
    # At most once, and never where it was said not to have left. What had begun to leave may have been cut off.
    assert all(
        times <= int(said != "not_left") for times, said in zip(left, outcomes(home, held), strict=True)
    )
    settled_once(home)


def test_stopped_before_the_first_byte_until_its_blockhash_is_dead(home: House) -> None:
    """Its payment was signed anew and paid meanwhile: the old bytes go out at last, and can't land."""
    before = unsaid(home)
    lost = home.chain.net.fault("drop")
    stopped = home.crash.arm(points.SEND_BEFORE_FIRST_BYTE, STOP)
    home.make_due()
    assert home.until(stopped.exists)
    assert home.until(lambda: bool(renewed(home, unsent(home, before)))), "nothing was ever signed anew"
    home.chain.net.clear_faults(lost)
    settled_once(home)
    held = renewed(home, unsent(home, before))
    arrived = home.chain.net.arrivals([each.identity for each in held])
    thaw(stopped)
    assert home.until(lambda: len(codes(home, held)) == len(held)), (
        "the thawed worker said nothing of its sends"
    )
    assert home.chain.net.arrivals([each.identity for each in held]) != arrived, "the old bytes never left"
    settled_once(home)
    executed = {entry["signature"] for entry in home.chain.executed()}
    assert not executed & {each.identity for each in held}, "the old bytes landed"


def renewed(home: House, sends: list[Send]) -> list[Send]:
    """Those whose payment has a newer attempt."""
    statement = """SELECT 1 FROM payments_attempt a JOIN payments_attempt b USING (payment_id)
                    WHERE a.id = %(attempt)s AND b.seq > a.seq"""
    return [each for each in sends if home.sql(statement, {"attempt": each.attempt})]


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
    """In the middle of mark sent: the server cuts it off, others go on, and it finds nothing done."""
    stopped = home.crash.arm(points.MARK_BEFORE_COMMIT, STOP)
    home.make_due()
    assert home.until(stopped.exists)
    assert home.settle()
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
