"""Guard (d)'s other half: a node that has lost old blocks, but whose account history reaches back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from solders.keypair import Keypair

from engine.core.ids import uuid7
from engine.providers.base import Asked, Finding, Outcome
from engine.providers.solana.addresses import token_account
from engine.providers.solana.provider import SolanaDelegate
from tests.solana.scripted import node, results

SIGNED_SLOT, LAST_HEIGHT = 1_000, 900
PAYMENT = UUID("01890000-0000-7000-8000-000000000001")
MINE, OTHER, OLD = "mine", "other", "old"


def line(signature: str, slot: int, memo: str | None = None, err: Any = None) -> dict[str, Any]:
    return {"signature": signature, "slot": slot, "memo": memo, "err": err, "blockTime": 0}


OURS = f"[32] {PAYMENT.hex}"
OLDER = line(OLD, SIGNED_SLOT - 1)


@contextmanager
def lookup(history: Any, change: Callable[..., None]) -> Iterator[tuple[Finding | None, list[Any]]]:
    wallet, mint, payee = (str(Keypair().pubkey()) for _ in range(3))
    terms = {
        "mint": mint,
        "decimals": 6,
        "payer": wallet,
        "source": token_account(wallet, mint),
        "payee": payee,
        "collector": 1,
        "fee_wallet": "",
        "strict_once": False,
    }
    data = {"last_valid_block_height": LAST_HEIGHT, "signed_slot": SIGNED_SLOT, "steps": [], "collector": ""}
    asked = Asked(uuid7(), PAYMENT, "charge", MINE, data, 1, 0, "USDC", terms)
    head = {"context": {"slot": 5_000}, "value": {"blockhash": "x", "lastValidBlockHeight": 4_000}}
    table = {
        "getLatestBlockhash": head,
        "getFirstAvailableBlock": SIGNED_SLOT + 1,
        "getSignatureStatuses": {"context": {"slot": 5_032}, "value": [None]},
        "getSignaturesForAddress": history,
        "getTransaction": None,
        "getMultipleAccounts": {"context": {"slot": 1}, "value": []},
    }
    with node(results(table)) as (url, sent):
        change(solana_rpc_url=url)
        yield SolanaDelegate().lookup([asked]).get(asked.attempt_id), sent


CASES = [
    pytest.param([OLDER], Outcome.ABSENT, "expired", id="reaches-back-without-memo"),
    pytest.param([], Outcome.UNKNOWN, "cannot_prove", id="empty"),
    pytest.param([line(OTHER, SIGNED_SLOT + 5)], Outcome.UNKNOWN, "cannot_prove", id="ends-too-soon"),
    pytest.param([line(MINE, 1_200, OURS), OLDER], Outcome.PENDING, "awaiting_balances", id="ours-landed"),
    pytest.param([line(OTHER, 1_200, OURS), OLDER], Outcome.UNKNOWN, "cannot_prove", id="another-one-paid"),
    pytest.param(
        [line(OTHER, 1_200, OURS, {"x": 1}), OLDER], Outcome.ABSENT, "expired", id="another-one-failed"
    ),
    pytest.param({"code": -32011, "message": "no history"}, Outcome.UNKNOWN, "cannot_prove", id="no-history"),
    pytest.param("nonsense", Outcome.UNKNOWN, "cannot_prove", id="unreadable"),
]


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(("history", "outcome", "code"), CASES)
def test_the_payers_history(change: Callable[..., None], history: Any, outcome: Outcome, code: str) -> None:
    with lookup(history, change) as (finding, sent):
        assert finding is not None
        assert (finding.outcome, finding.code) == (outcome, code)
    asked_history = next(each for each in sent if isinstance(each, dict))
    assert asked_history["params"][1]["minContextSlot"] == 5_000
    assert asked_history["params"][1]["commitment"] == "finalized"


@pytest.mark.usefixtures("keys")
def test_the_history_is_paged(change: Callable[..., None]) -> None:
    first = [line(f"a{n}", 3_000) for n in range(1000)]

    def pages(params: list[Any]) -> list[dict[str, Any]]:
        return [OLDER] if params[1].get("before") == "a999" else first

    with lookup(pages, change) as (finding, _):
        assert finding is not None and finding.outcome is Outcome.ABSENT
