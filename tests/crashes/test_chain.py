"""The chain misbehaves: lost answers, late landings, expiry, nodes that lag or forget."""

from __future__ import annotations

import time
from typing import Any

import pytest

from payments.pipeline import points
from sandbox.live.house import House
from sandbox.live.spans import EVERY_DEADLINE, SLOT_MS
from tests.crashes.conftest import SUBSCRIBERS
from tests.crashes.outcome import settled_once

FAULTS: dict[str, dict[str, Any]] = {
    "reply lost after the chain accepted": {"kind": "lost", "methods": ["sendTransaction"]},
    "lands too late": {"kind": "late", "slots": 170},
    "503 after it was executed": {"kind": "http_5xx", "methods": ["sendTransaction"], "when": "after"},
    "answers slower than the deadline": {"kind": "slow", "methods": ["sendTransaction"], "delay_ms": 1500},
    "statuses from a node far behind": {"kind": "stale", "methods": ["getSignatureStatuses"], "slots": 200},
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_on_every_first_send(home: House, what: str) -> None:
    fault = home.chain.net.fault(**{"count": SUBSCRIBERS, **FAULTS[what]})
    home.make_due()
    assert home.until(lambda: fired(home, fault) == SUBSCRIBERS)
    settled_once(home)


def test_never_landing_is_signed_anew_only_after_its_death(home: House) -> None:
    before = home.verdict().resigned
    home.chain.net.fault("drop")
    home.make_due()
    assert home.until(lambda: home.verdict(books=False).resigned > before)
    home.chain.net.clear_faults()
    assert settled_once(home).resigned > before


def test_landing_in_the_last_slots_of_its_blockhash(home: House) -> None:
    """Long after every deadline of ours nothing is signed anew: it may still land, and it does.

    The chain stands still meanwhile: ours are short, and 140 slots of it are shorter.
    """
    before = home.verdict(books=False).resigned
    late = home.chain.net.fault("late", slots=140)
    home.chain.net.pause()
    home.make_due()
    assert home.until(lambda: home.chain.net.status()["held"] == SUBSCRIBERS)
    time.sleep(EVERY_DEADLINE)
    assert home.chain.net.status()["held"] == SUBSCRIBERS, "one landed before"
    home.chain.net.clear_faults(late)
    home.chain.net.resume()
    assert settled_once(home).resigned == before


def test_a_node_that_lags_behind_another(home: House) -> None:
    """Every second answer comes from 40 slots ago, blockhashes included."""
    stale = home.chain.net.fault("stale", share=0.5, slots=40)
    lost = home.chain.net.fault("lost", methods=["sendTransaction"], count=2)
    home.make_due()
    settled_once(home)
    assert fired(home, stale) > 0 and fired(home, lost) == 2, "no node lagged: the test proves nothing"


def test_history_purged_before_anybody_looked(fresh: House) -> None:
    """What landed can't be seen any more, and absence can't be shown: nothing is signed anew."""
    fresh.keep = False
    fresh.make_due()
    # The worker dies with the only answer, and the next one looks when history is gone.
    died = fresh.crash.arm(points.SEND_ANSWERED)
    assert fresh.until(died.exists)
    time.sleep(60 * SLOT_MS / 1000)
    fresh.chain.net.purge()
    fresh.keep = True
    fresh.until(lambda: fresh.verdict(books=False).parked > 0)
    verdict = fresh.verdict()
    assert verdict.on_chain > verdict.succeeded, "nothing landed unseen: the test proves nothing"
    assert not verdict.double and not verdict.wrong and not verdict.resigned, verdict
    assert verdict.parked, verdict


def fired(home: House, fault: int) -> int:
    return int(next(each["fired"] for each in home.chain.net.faults() if each["id"] == fault))


def test_the_chain_is_away_and_comes_back(home: House) -> None:
    """Nothing is lost while nobody answers, and it goes on by itself: an outage is nobody's decline."""
    home.make_due()
    assert home.until(
        lambda: bool(home.sql("SELECT 1 FROM payments_payment WHERE state = 'in_flight' LIMIT 1"))
    )
    home.chain.node.kill()
    time.sleep(4)
    failed = home.sql("SELECT count(*) FROM payments_payment WHERE state = 'failed'")
    home.chain.node.start()
    settled_once(home)
    assert home.sql("SELECT count(*) FROM payments_payment WHERE state = 'failed'") == failed
