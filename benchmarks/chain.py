"""The world of (c): a localnet with a token, payers who approved our collector, and creators."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from spl.token.constants import WRAPPED_SOL_MINT
from spl.token.instructions import get_associated_token_address

from sandbox.localnet import wallets
from sandbox.localnet.control import Localnet

SLOT_MS = 20
DECIMALS = 6
PLENTY = 10**15
SPANS = {
    "TICK_SECONDS": "0.5",
    "VERIFY_FIRST_SECONDS": "0.5",
    "LANE_THREADS": "16",
    "PAYMENT_BATCH_SIZE": "50",
}


@dataclass
class World:
    """Real keys, each approval a real transaction. `details` are the payment methods' details."""

    net: Localnet
    mint: Pubkey
    payee: Keypair
    details: list[dict[str, Any]]

    def stop(self) -> None:
        """End the localnet."""
        self.net.stop()


def open_world(size: dict[str, Any]) -> World:
    """Start the localnet and set the product's environment for it. Call it before Django is set up."""
    net = Localnet.start(slot_ms=SLOT_MS)
    collector, fee_payer, platform = Keypair(), Keypair(), Keypair()
    authority = wallets.create_wallet(net, 1000)
    net.airdrop(fee_payer.pubkey(), 1000 * wallets.LAMPORTS_PER_SOL)
    mint = wallets.create_mint(net, authority, DECIMALS)
    payee = Keypair()
    for owner in (payee, platform):
        wallets.create_token_account(net, authority, owner.pubkey(), mint)
    details = [_payer(net, authority, mint, collector, platform) for _ in range(size["wallets"])]
    os.environ.update(
        SPANS,
        SOLANA_NETWORK="localnet",
        SOLANA_RPC_URL=net.url,
        SOLANA_COLLECTOR_KEYS=f"1:{collector}",
        SOLANA_FEE_PAYER_KEY=str(fee_payer),
        SOLANA_FEE_WALLET=str(platform.pubkey()),
        SOLANA_MINTS=f"SOL={WRAPPED_SOL_MINT}:9,USDC={mint}:{DECIMALS}",
    )
    return World(net, mint, payee, details)


def _payer(
    net: Localnet, authority: Keypair, mint: Pubkey, collector: Keypair, platform: Keypair
) -> dict[str, Any]:
    owner = wallets.create_wallet(net, 1)
    account = wallets.create_token_account(net, authority, owner.pubkey(), mint)
    wallets.mint_to(net, authority, mint, account, PLENTY)
    wallets.approve(net, owner, account, mint, collector.pubkey(), PLENTY, DECIMALS)
    return {
        "mint": str(mint), "decimals": DECIMALS, "payer": str(owner.pubkey()),
        "source": str(get_associated_token_address(owner.pubkey(), mint)), "collector": 1,
        "fee_wallet": str(platform.pubkey()), "strict_once": False,
    }  # fmt: skip
