"""SOLANA_COMMITMENT (row 0.41): a blockhash and the accounts are read at the level that is set."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from solders.keypair import Keypair

from engine.providers.solana import approval, snapshot


class Node:
    """Answers like a node that has no accounts, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[Any]]] = []

    def read_many(self, calls: list[tuple[str, list[Any]]]) -> list[Any]:
        self.asked += calls
        value = {"blockhash": "b" * 32, "lastValidBlockHeight": 150}
        return [{"value": value, "context": {"slot": 1}}, 2_039_280, 890_880]

    def read(self, method: str, params: list[Any]) -> Any:
        self.asked.append((method, params))
        return {"value": [None] * len(params[0]), "context": {"slot": 1}}


@pytest.mark.parametrize("level", ["confirmed", "finalized"])
def test_the_blockhash_is_asked_for_at_the_level_that_is_set(
    level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings.ENV, "solana_commitment", level)
    node = Node()
    snapshot.recent_blockhash(node)  # type: ignore[arg-type]
    assert node.asked[0] == ("getLatestBlockhash", [{"commitment": level}])


@pytest.mark.parametrize("level", ["confirmed", "finalized"])
def test_accounts_are_read_at_the_level_that_is_set(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a batch to send and for an approval. The localnet has one state for all levels: no other test sees this."""
    monkeypatch.setattr(settings.ENV, "solana_commitment", level)
    monkeypatch.setattr(snapshot.keys, "fee_payer", Keypair)
    node = Node()
    monkeypatch.setattr(approval.rpc, "client", lambda: node)
    snapshot.take(node, [])  # type: ignore[arg-type]
    approval.read_accounts([(str(Keypair().pubkey()), str(Keypair().pubkey()))])
    levels = [params[1]["commitment"] for name, params in node.asked if name == "getMultipleAccounts"]
    assert levels == [level, level]
