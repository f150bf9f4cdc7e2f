"""A wallet of one's own on the localnet of `make run`: what a customer's phone would do."""

from __future__ import annotations

import os
from pathlib import Path

from sandbox.demo import wallets
from sandbox.demo.chain import SOL, Chain
from sandbox.localnet.control import Localnet
from sandbox.run import envfile
from sandbox.run.paths import run_paths

TOKENS = 100 * 10**6


def address(name: str) -> str:
    """The wallet's address, base58. The first time it gets 5 SOL and 100 USDC. Writes its key; calls out."""
    folder = _as_the_run()
    chain = Chain(Localnet(os.environ["SOLANA_RPC_URL"]))
    wallet = wallets.keypair(folder, name)
    if not wallets.exists(chain.net, chain.account(wallet, "USDC")):
        chain.net.wait(chain.net.airdrop(wallet.pubkey(), 5 * SOL), "processed")
        chain.give(wallet, TOKENS)
    return str(wallet.pubkey())


def sign(name: str, transaction: str) -> str:
    """Sign the product's transaction (base64), send it, wait until it is confirmed; its signature. Calls out."""
    folder = _as_the_run()
    net = Localnet(os.environ["SOLANA_RPC_URL"])
    signature = net.send(wallets.sign(transaction, wallets.keypair(folder, name)))
    net.wait(signature, "confirmed")
    return str(signature)


def _as_the_run() -> Path:
    """The environment of the run that is up, and the folder of its wallets."""
    paths = run_paths(os.environ.get("RUN_DIR"))
    for key, value in envfile.read(paths.env).items():
        os.environ.setdefault(key, value)
    return paths.run_dir / "demo"
