"""The chain's record as the demo's last check reads it: every pull of ours is in it, strangers' moves are not."""

from __future__ import annotations

from typing import Any

import pytest

from ops.chain import ChainTransfer, compare_with_chain
from sandbox.demo import truth

OURS, MEMO = "collector", "ab" * 16


def entry(**changes: Any) -> dict[str, Any]:
    leg = {"authority": OURS, "amount": "700", "mint": "mint"}
    return {"memos": [MEMO], "transfers": [leg], "err": None, "signature": "sig", "fee": 5000,
            "fee_payer": "payer", "lamport_changes": [{"account": "payer", "change": -5000}]} | changes  # fmt: skip


def read(*entries: dict[str, Any]) -> list[ChainTransfer]:
    return list(truth.transfers(list(entries), collectors={OURS}, code=str.upper))


def test_a_pull_is_read_with_its_legs_and_what_it_cost() -> None:
    fee = {"authority": OURS, "amount": "25", "mint": "mint"}
    (one,) = read(entry(transfers=[*entry()["transfers"], fee]))
    assert one == ChainTransfer(MEMO, "sig", 725, 5000, "MINT", None)


def test_a_failed_one_moved_nothing_and_cost_its_fee() -> None:
    (one,) = read(entry(err="custom", transfers=[]))
    assert one == ChainTransfer(MEMO, "sig", 0, 5000, "", "custom")


def test_what_others_move_is_not_ours() -> None:
    stranger = {"authority": "stranger", "amount": "700", "mint": "mint"}
    assert read(entry(transfers=[stranger]), entry(memos=[], transfers=[stranger])) == []
    assert read(entry(memos=[], transfers=[], err="custom")) == []


@pytest.mark.django_db
def test_money_that_our_key_moved_for_nobody_is_a_difference() -> None:
    (found,) = compare_with_chain(read(entry(memos=[])))
    assert (found.kind, found.memo, found.chain_minor, found.currency) == ("unknown_memo", "-", 700, "MINT")
