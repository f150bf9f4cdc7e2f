"""A demo load that is cut short anywhere goes on: nobody unlucky stays healthy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from solders.keypair import Keypair

from billing import subscribe
from billing.models import Subscription
from engine.providers.solana.approval import check_approval
from sandbox.demo import cast, environment, load, wallets
from sandbox.localnet.control import Localnet
from tests.solana.scripted import node, results

UNLUCKY = tuple(each for each in cast.UNLUCKY if not each.rail)
ENDS = {each.name: each.ends if each.fate != "late" else "insufficient_funds" for each in UNLUCKY}


class CutError(BaseException):
    """A SIGKILL, as far as the loader can tell."""


@pytest.fixture
def net() -> Iterator[Localnet]:
    with Localnet.start(slot_ms=10) as net:
        yield net


@pytest.fixture
def stage(net: Localnet, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """The environment of a run without its parts; the token's mint."""
    keys = environment.keys({})
    for name, value in {**keys, "RUN_DIR": str(tmp_path), "SOLANA_RPC_URL": net.url}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(cast, "SUBSCRIBERS", UNLUCKY)
    mint = str(Keypair.from_base58_string(keys["DEMO_MINT"]).pubkey())
    settings.ENV = settings.ENV.model_copy(
        update={
            "solana_network": "localnet",
            "solana_rpc_url": net.url,
            "solana_commitment": "confirmed",
            "solana_collector_keys": [SecretStr(f"1:{keys['DEMO_COLLECTOR']}")],
            "solana_fee_payer_key": SecretStr(keys["SOLANA_FEE_PAYER_KEY"]),
            "solana_mints": {"SOL": (environment.WRAPPED_SOL, 9), "USDC": (mint, 6)},
        }
    )
    return mint


@pytest.mark.parametrize("committed", [False, True])
def test_a_load_cut_short_at_any_subscriber_spoils_every_unlucky_wallet(
    db: None, stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    whole, cut = subscribe.subscribe, set()

    def once_cut(**terms: Any) -> Subscription:
        who = terms["customer_id"]
        first = who not in cut
        cut.add(who)
        if first and not committed:
            raise CutError
        made = whole(**terms)
        if first:
            raise CutError
        return made

    monkeypatch.setattr(subscribe, "subscribe", once_cut)
    for _ in UNLUCKY:
        with pytest.raises(CutError):
            load.load()
    load.load()
    assert Subscription.objects.count() == len(UNLUCKY)
    prices = {each.plan: each.price_minor for each in cast.CREATORS}
    found = {}
    for each in UNLUCKY:
        wallet = wallets.keypair(tmp_path / "demo", each.name).pubkey()
        found[each.name] = check_approval(str(wallet), stage, prices[each.plan]).code
    assert found == ENDS


@pytest.mark.django_db
def test_nothing_is_made_up_on_a_node_that_is_no_localnet(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = {"code": -32601, "message": "Method not found"}
    with node(results({"x_status": unknown})) as (url, asked):
        monkeypatch.setenv("SOLANA_RPC_URL", f"{url}/?api-key=hush")
        with pytest.raises(SystemExit, match="no localnet answers at SOLANA_RPC_URL") as refused:
            load.load()
    assert "hush" not in str(refused.value)
    assert [call["method"] for call in asked] == ["x_status"]
