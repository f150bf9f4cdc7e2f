from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from solders.keypair import Keypair
from spl.token.constants import WRAPPED_SOL_MINT

from sandbox.localnet import wallets
from sandbox.localnet.control import Localnet
from tests.solana.world import DECIMALS, USDC, Driver, World


@pytest.fixture(scope="package")
def localnet() -> Iterator[Localnet]:
    with Localnet.start(slot_ms=20) as net:
        yield net


@pytest.fixture
def net(localnet: Localnet) -> Iterator[Localnet]:
    localnet.clear_faults()
    yield localnet
    localnet.clear_faults()
    localnet.resume()


@pytest.fixture
def change(settings: Any) -> Any:
    """Change environment settings for one test: change(solana_compute_limit=...)."""

    def apply(**values: Any) -> None:
        settings.ENV = settings.ENV.model_copy(update=values)

    return apply


@pytest.fixture
def keys(change: Any) -> tuple[Keypair, Keypair]:
    """(collector version 1, fee payer), configured."""
    collector, fee_payer = Keypair(), Keypair()
    change(
        solana_network="localnet",
        solana_rpc_url="http://127.0.0.1:9",  # nobody listens there
        solana_commitment="confirmed",
        solana_collector_keys=[SecretStr(f"1:{collector}")],
        solana_fee_payer_key=SecretStr(str(fee_payer)),
        solana_fee_payer_min=10_000_000,
        solana_compute_limit=60_000,
        solana_priority_fee=1000,
        solana_priority_fee_cap=100_000,
        solana_blockhash_slots=150,
        send_deadline_seconds=10.0,
        verify_first_seconds=2.0,
    )
    return collector, fee_payer


@pytest.fixture
def world(net: Localnet, keys: tuple[Keypair, Keypair], change: Any) -> World:
    collector, fee_payer = keys
    authority = wallets.create_wallet(net, 100)
    net.airdrop(fee_payer.pubkey(), wallets.LAMPORTS_PER_SOL)
    mint = wallets.create_mint(net, authority, DECIMALS)
    world = World(net, authority, mint, collector, fee_payer, Keypair())
    change(
        solana_rpc_url=net.url,
        solana_mints={"SOL": (str(WRAPPED_SOL_MINT), 9), "USDC": (str(mint), DECIMALS)},
    )
    net.airdrop(world.payer.pubkey(), 10 * wallets.LAMPORTS_PER_SOL)
    world.open(world.payer, 100 * USDC)
    world.open(world.payee)
    world.approve(50 * USDC)
    net.advance(2)  # so that all of it is confirmed
    return world


@pytest.fixture
def driver(world: World) -> Driver:
    return Driver()
