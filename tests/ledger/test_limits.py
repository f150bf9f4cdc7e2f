"""Sums beyond 64 bits: no account and no sum stops the others, and what arrived is booked all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from engine.core import clock
from engine.core.money import MAX_MINOR
from engine.ledger import posting, rollup
from engine.ledger.balances import balances
from engine.ledger.models import Account, Delta
from ops import parts
from tests.ledger.conftest import NOW, leg
from tests.ledger.test_rollup import Make


def test_an_account_beyond_64_bits_stays_unrolled_and_the_others_go_on(
    db: None, make_accounts: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup, "BATCH", 4)
    full, empty, one, two = make_accounts(4)
    for _ in range(6):
        posting.post([leg(full, empty, MAX_MINOR)], machine_at=NOW)
    posting.post([leg(one, two, 7)], machine_at=NOW)
    with capture_logs() as logged:
        assert rollup.roll_up() == 2
    assert [(line["log_level"], line["accounts"]) for line in logged] == [("error", [full, empty])]
    assert dict(Account.objects.filter(pk__in=[full, empty, one, two]).values_list("pk", "balance_minor")) == {
        full: 0, empty: 0, one: 7, two: -7,
    }  # fmt: skip
    assert Delta.objects.count() == 12, "nothing of the full ones is lost"
    assert balances([full, empty]) == {full: 6 * MAX_MINOR, empty: -6 * MAX_MINOR}
    for _ in range(6):
        posting.post([leg(empty, full, MAX_MINOR)], machine_at=NOW)
    monkeypatch.undo()
    assert rollup.roll_up() == 24, "within 64 bits again"


def test_a_batch_whose_sum_leaves_64_bits_is_booked(db: None, make_accounts: Make) -> None:
    one, two = make_accounts(2)
    posting.post([leg(one, two, MAX_MINOR) for _ in range(3)], machine_at=NOW)
    assert balances([one, two]) == {one: 3 * MAX_MINOR, two: -3 * MAX_MINOR}


def test_a_guarded_account_takes_the_whole_sum_of_a_batch(db: None, make_accounts: Make) -> None:
    held, other = make_accounts(2)
    Account.objects.filter(pk=held).update(guarded=True, balance_minor=-MAX_MINOR)
    posting.post([leg(held, other, 5) for _ in range(3)], machine_at=NOW)
    assert Account.objects.get(pk=held).balance_minor == -MAX_MINOR + 15


def test_a_backlog_is_worth_a_look(db: None, make_accounts: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = make_accounts(2)
    assert parts.ledger()[:2] == ("ok", "0 deltas wait for the roll-up")
    posting.post([leg(one, two, 7)], machine_at=NOW)
    assert parts.ledger()[:2] == ("ok", "2 deltas wait for the roll-up")
    assert not rollup.backlog(since=clock.machine_now() - timedelta(seconds=60)).late
    monkeypatch.setattr(parts, "SILENT_SECONDS", -1.0)
    assert parts.ledger().state == "warn"
    monkeypatch.undo()
    monkeypatch.setattr(rollup, "MANY", 2)
    assert parts.ledger()[:2] == ("warn", "2 deltas or more wait for the roll-up")
    rollup.roll_up()
    assert parts.ledger().state == "ok"
    monkeypatch.undo()
    for _ in range(2):
        posting.post([leg(one, two, MAX_MINOR)], machine_at=NOW)
    seen = parts.ledger()
    assert (seen.state, seen.facts["left_out"]) == ("warn", [one, two])
