"""SOLANA_COMMITMENT (row 0.41): a blockhash and the accounts are read at the level that is set."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from engine.providers.solana import snapshot


class Node:
    """Answers like a node, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[Any]]] = []

    def read_many(self, calls: list[tuple[str, list[Any]]]) -> list[Any]:
        self.asked += calls
        value = {"blockhash": "b" * 32, "lastValidBlockHeight": 150}
        return [{"value": value, "context": {"slot": 1}}, 2_039_280, 890_880]


@pytest.mark.parametrize("level", ["confirmed", "finalized"])
def test_the_blockhash_is_asked_for_at_the_level_that_is_set(
    level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings.ENV, "solana_commitment", level)
    node = Node()
    snapshot.recent_blockhash(node)  # type: ignore[arg-type]
    assert node.asked[0] == ("getLatestBlockhash", [{"commitment": level}])
