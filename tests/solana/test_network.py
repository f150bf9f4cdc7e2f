from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from config import celery
from engine.providers import registry
from engine.providers.solana import network
from sandbox.localnet import wallets
from sandbox.localnet.control import Localnet
from sandbox.run.paths import CHECKOUT
from tests.solana.scripted import node, results
from tests.solana.world import World

pytestmark = pytest.mark.usefixtures("keys")
DEVNET = {"getGenesisHash": network.GENESIS["devnet"]}


def test_a_localnet_is_any_chain_but_the_public_ones(net: Localnet, change: Callable[..., None]) -> None:
    change(solana_rpc_url=net.url)
    (check,) = network.check_network()
    assert check.ok and check.genesis
    with node(results(DEVNET)) as (url, _):
        change(solana_rpc_url=url)
        (check,) = network.check_network()
    assert (check.ok, check.code) == (False, "wrong_network")


def test_every_endpoint_is_checked_and_no_key_is_shown(net: Localnet, change: Callable[..., None]) -> None:
    with node(results(DEVNET)) as (url, _):
        change(
            solana_network="devnet",
            solana_rpc_url=f"{url}/?api-key=hush,{net.url}/?api-key=hush,http://127.0.0.1:9/hush",
        )
        checks = network.check_network()
    assert [each.code for each in checks] == ["", "wrong_network", "unreachable"]
    assert "hush" not in repr(checks)


def test_a_worker_does_not_start_on_another_network_and_does_on_a_silent_one(
    net: Localnet, change: Callable[..., None]
) -> None:
    with node(results(DEVNET)) as (url, _):
        change(solana_rpc_url=f"{url}/?api-key=hush")
        with pytest.raises(SystemExit, match="SOLANA_RPC_URL and SOLANA_NETWORK disagree") as refused:
            celery._right_network()
    assert "hush" not in str(refused.value)
    change(solana_rpc_url="http://127.0.0.1:9/hush")
    celery._right_network()
    change(solana_rpc_url=net.url)
    celery._right_network()


@pytest.mark.parametrize(
    "words",
    [
        "gunicorn config.wsgi:application --bind 127.0.0.1:0 --no-control-socket",
        "celery -A config beat --pidfile= --schedule={folder}/beat",
    ],
    ids=["web", "beat"],
)
def test_web_and_beat_do_not_start_on_another_network(words: str, tmp_path: Path) -> None:
    """Web builds approvals and believes what a node says of them."""
    with node(results(DEVNET)) as (url, _):
        env = {**os.environ, "SOLANA_NETWORK": "localnet", "SOLANA_RPC_URL": f"{url}/?api-key=hush"}
        done = subprocess.run(
            [sys.executable, "-m", *words.format(folder=tmp_path).split()],
            cwd=CHECKOUT, env=env, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "SOLANA_RPC_URL and SOLANA_NETWORK disagree" in said
    assert "hush" not in said


def test_clock_and_health(net: Localnet, change: Callable[..., None]) -> None:
    change(solana_rpc_url=net.url)
    state = network.clock_and_health()
    assert state.healthy
    assert state.slot > state.finalized_slot > state.block_height
    change(solana_rpc_url=f"{net.url}/lag/200")
    assert not network.clock_and_health().healthy


def test_an_empty_fee_payer_is_told_though_the_chain_is_well(
    world: World, change: Callable[..., None]
) -> None:
    assert registry.get("solana_delegate").standing().lacks == ""  # type: ignore[attr-defined]
    change(solana_fee_payer_min=2 * wallets.LAMPORTS_PER_SOL)
    said = registry.get("solana_delegate").standing()  # type: ignore[attr-defined]
    assert said.reachable and "wallet for network fees" in said.lacks
