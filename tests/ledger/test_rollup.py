"""Balances without hot locks: a delta is counted once, whoever rolls up and whatever dies meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections, transaction

from engine.ledger import posting, rollup
from engine.ledger.balances import balances
from engine.ledger.models import Account, Delta
from tests.ledger.conftest import NOW, leg, sums

Make = Callable[[int], list[int]]
ROOT = Path(__file__).resolve().parents[2]
ROLLER = """
import django; django.setup()
from engine.ledger import rollup
rollup.BATCH = 7
rollup.roll_up()
print("ready", flush=True)
while True: rollup.roll_up()
"""


def _stored() -> dict[int, int]:
    return dict(Account.objects.values_list("pk", "balance_minor"))


def test_rolling_up_changes_no_balance(db: None, make_accounts: Make) -> None:
    one, two, three = make_accounts(3)
    posting.post([leg(one, two, 500), leg(two, three, 20)], machine_at=NOW)
    before = balances([one, two, three])
    assert before == {one: 500, two: -480, three: -20}
    assert rollup.roll_up() == 3
    assert balances([one, two, three]) == before
    assert not Delta.objects.exists()
    stored = _stored()
    assert {account: stored[account] for account in (one, two, three)} == before
    assert rollup.roll_up() == 0


def test_a_batch_leaves_one_delta_an_account(db: None, make_accounts: Make) -> None:
    one, two, three = make_accounts(3)
    posting.post([leg(one, two, 5) for _ in range(50)] + [leg(three, one, 250)], machine_at=NOW)
    assert set(Delta.objects.values_list("account_id", "amount_minor")) == {(two, -250), (three, 250)}


def test_a_roll_up_that_dies_leaves_both_undone(db: None, make_accounts: Make) -> None:
    one, two = make_accounts(2)
    posting.post([leg(one, two, 5)], machine_at=NOW)
    with transaction.atomic():
        assert rollup.roll_up() == 2
        transaction.set_rollback(True)
    assert balances([one, two]) == {one: 5, two: -5}
    assert Delta.objects.count() == 2


def test_deltas_that_commit_late_are_not_passed_over(committed: None, make_accounts: Make) -> None:
    """Ids commit out of order: a smaller id that commits after a larger one was rolled up still counts."""
    one, two = make_accounts(2)

    def roll_up() -> int:
        try:
            return rollup.roll_up()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other, transaction.atomic():
        posting.post([leg(one, two, 5)], machine_at=NOW)
        other.submit(_post_and_close, [leg(one, two, 7)]).result()
        assert other.submit(roll_up).result() == 2
    assert balances([one]) == {one: 12}
    assert rollup.roll_up() == 2
    assert _stored() == {one: 12, two: -12}


def test_any_number_of_rollers_counts_once(
    committed: None, make_accounts: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Posters, rollers in threads and in a process that is killed: stored balances equal the sums."""
    monkeypatch.setattr(rollup, "BATCH", 5)
    ids = make_accounts(4)
    roller = _roller()
    try:
        with ThreadPoolExecutor(6) as pool:
            posting_ = [pool.submit(_post_many, ids, seed) for seed in range(4)]
            rolling = [pool.submit(_roll_until, posting_) for _ in range(2)]
            time.sleep(0.2)
            roller.send_signal(signal.SIGKILL)
            for done in posting_ + rolling:
                done.result()
            _wait_for(lambda: not Delta.objects.exists())
    finally:
        roller.kill()
        roller.wait()
    expected = sums()
    assert sum(expected.values()) == 0
    assert {account: _stored()[account] for account in expected} == expected
    assert sum(abs(amount) for amount in expected.values()) > 0


def test_two_rollers_do_not_wait_for_each_other(committed: None, make_accounts: Make) -> None:
    one, two = make_accounts(2)
    with transaction.atomic():
        posting.post([leg(one, two, 5)], machine_at=NOW)
    with ThreadPoolExecutor(1) as other, transaction.atomic():
        assert rollup.roll_up() == 2  # holds the lock until this transaction ends
        assert other.submit(_roll_and_close).result(timeout=5) == 0


def _roller() -> subprocess.Popen[bytes]:
    """A process of its own that rolls up until it is killed, on the tests' database."""
    head, _, query = settings.ENV.database_url.partition("?")
    url = f"{head.rsplit('/', 1)[0]}/{connection.settings_dict['NAME']}?{query}"
    environ = {**os.environ, "DATABASE_URL": url}
    roller = subprocess.Popen([sys.executable, "-c", ROLLER], cwd=ROOT, env=environ, stdout=subprocess.PIPE)
    assert roller.stdout is not None
    assert roller.stdout.readline() == b"ready\n"
    roller.stdout.close()
    return roller


def _post_and_close(legs: list[posting.Leg]) -> None:
    try:
        with transaction.atomic():
            posting.post(legs, machine_at=NOW)
    finally:
        connections.close_all()


def _post_many(ids: list[int], seed: int) -> None:
    for n in range(30):
        one, two = ids[(seed + n) % 4], ids[(seed + 2 * n + 1) % 4]
        if one != two:
            _post_and_close([leg(one, two, 1 + n * 7), leg(ids[0], ids[1], 3)])


def _roll_and_close() -> int:
    try:
        return rollup.roll_up()
    finally:
        connections.close_all()


def _roll_until(posting_: list) -> None:
    while not all(done.done() for done in posting_):
        _roll_and_close()
    _roll_and_close()


def _wait_for(reached: Callable[[], bool], seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < until, "not rolled up"
        rollup.roll_up()
        time.sleep(0.02)
