"""What landed is read by balances; one transaction that can't be read keeps no other from being read."""

from __future__ import annotations

from typing import Any

from engine.providers.solana import landed
from engine.providers.solana.rpc import Client
from tests.solana.scripted import node, results


def transaction(slot: int) -> dict[str, Any]:
    balances = {
        "preTokenBalances": [],
        "postTokenBalances": [],
        "preBalances": [9000],
        "postBalances": [4000],
    }
    return {
        "slot": slot,
        "meta": {"err": None, **balances},
        "transaction": {"message": {"accountKeys": ["payer"]}},
    }


def test_one_unreadable_transaction_leaves_the_rest_of_its_batch_readable() -> None:
    shown = {"first": transaction(7), "odd": {"slot": 8, "meta": None}, "none": None, "last": transaction(9)}
    with node(results({"getTransaction": lambda params: shown[params[0]]})) as (url, _):
        found = landed.read(Client([url], 5), shown)
    assert {signature: each.slot for signature, each in found.items()} == {"first": 7, "last": 9}
    assert found["first"].lamports_spent == 5000
