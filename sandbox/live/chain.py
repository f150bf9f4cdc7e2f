"""A house's chain: its own localnet process, our keys, a token, creators, and payers in bulk."""

from __future__ import annotations

import base64
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import spl.token.instructions as ti
import spl.token.models as tm
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from spl.token.constants import TOKEN_PROGRAM_ID, WRAPPED_SOL_MINT

from sandbox.live.spans import SLOT_MS
from sandbox.localnet import wallets
from sandbox.localnet.control import READY, Localnet
from sandbox.run.deathsig import tied
from sandbox.run.paths import CHECKOUT

DECIMALS = 6
UNIT = 10**DECIMALS
FUNDS = 1_000_000 * UNIT
BATCH = 64


@dataclass
class Chain:
    """The localnet with everybody on it. `environ` is what the product needs to know of it."""

    net: Localnet
    authority: Keypair
    mint: Pubkey
    node: Node
    collector: Keypair = field(default_factory=Keypair)
    fee_payer: Keypair = field(default_factory=Keypair)
    fee_wallet: Keypair = field(default_factory=Keypair)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "SOLANA_NETWORK": "localnet",
            "SOLANA_RPC_URL": self.net.url,
            "SOLANA_MINTS": f"SOL={WRAPPED_SOL_MINT}:9,USDC={self.mint}:{DECIMALS}",
            "SOLANA_COLLECTOR_KEYS": f"1:{self.collector}",
            "SOLANA_FEE_PAYER_KEY": str(self.fee_payer),
            "SOLANA_FEE_WALLET": str(self.fee_wallet.pubkey()),
        }

    def creators(self, count: int) -> list[str]:
        """New creators' wallets with an open token account each; base58."""
        pairs = [Keypair() for _ in range(count)]
        for pair in pairs:
            wallets.create_token_account(self.net, self.authority, pair.pubkey(), self.mint)
        return [str(pair.pubkey()) for pair in pairs]

    def payers(self, count: int) -> list[Keypair]:
        """Keypairs with an account each, funded, and an approval of our collector that they signed."""
        pairs = [Keypair() for _ in range(count)]
        for start in range(0, count, BATCH):
            self._open(pairs[start : start + BATCH])
        self.net.advance(2)  # so that all of it is confirmed
        return pairs

    def executed(self) -> list[dict[str, Any]]:
        """The whole truth log."""
        return self.net.executed()

    def _open(self, pairs: Sequence[Keypair]) -> None:
        newest = self.net.call("getLatestBlockhash", {"commitment": "processed"})["value"]["blockhash"]
        raws = [bytes(self._opening(pair, newest)) for pair in pairs]
        options = {"encoding": "base64", "skipPreflight": True}
        calls = [
            {"jsonrpc": "2.0", "id": number, "method": "sendTransaction",
             "params": [base64.b64encode(raw).decode(), options]}
            for number, raw in enumerate(raws)
        ]  # fmt: skip
        signatures = [answer["result"] for answer in self.net.post(calls).json()]
        statuses = self.net.statuses(signatures)
        if any(status is None or status["err"] for status in statuses):
            raise RuntimeError(f"payers could not be opened: {statuses}")

    def _opening(self, pair: Keypair, blockhash: str) -> VersionedTransaction:
        owner = pair.pubkey()
        account = ti.get_associated_token_address(owner, self.mint, TOKEN_PROGRAM_ID)
        steps = [
            ti.create_idempotent_associated_token_account(
                self.authority.pubkey(), owner, self.mint, TOKEN_PROGRAM_ID
            ),
            ti.mint_to(tm.MintToParams(
                program_id=TOKEN_PROGRAM_ID, mint=self.mint, dest=account,
                mint_authority=self.authority.pubkey(), amount=FUNDS,
            )),
            ti.approve_checked(tm.ApproveCheckedParams(
                program_id=TOKEN_PROGRAM_ID, source=account, mint=self.mint, delegate=self.collector.pubkey(),
                owner=owner, amount=FUNDS, decimals=DECIMALS, signers=[],
            )),
        ]  # fmt: skip
        message = MessageV0.try_compile(self.authority.pubkey(), steps, [], Hash.from_string(blockhash))
        return VersionedTransaction(message, [self.authority, pair])


@contextmanager
def chain(folder: Path, *, slot_ms: int = SLOT_MS, lag_slots: int = 40) -> Iterator[Chain]:
    """A localnet of one's own, with a lagging second node, ended with us however we end."""
    node = Node(folder / "localnet", slot_ms, lag_slots)
    net = node.start()
    try:
        authority = wallets.create_wallet(net, 10_000)
        made = Chain(net, authority, wallets.create_mint(net, authority, DECIMALS), node)
        net.airdrop(made.fee_payer.pubkey(), 1_000 * wallets.LAMPORTS_PER_SOL)
        wallets.create_token_account(net, authority, made.fee_wallet.pubkey(), made.mint)
        yield made
    finally:
        node.end()


class Node:
    """The localnet's process. Killed and started again, it has the same ports and the same chain."""

    def __init__(self, state: Path, slot_ms: int, lag_slots: int) -> None:
        self._state, self._slot_ms, self._lag_slots = state, slot_ms, lag_slots
        self._ports = ("0", "0")
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Localnet:
        """Start it and wait for a finalized block."""
        words: tuple[str, ...] = (
            "--port",
            self._ports[0],
            "--lag-port",
            self._ports[1],
            "--state",
            str(self._state),
        )
        words += ("--slot-ms", str(self._slot_ms), "--lag-slots", str(self._lag_slots))
        argv = (sys.executable, "-m", "sandbox.localnet", *words)
        process = subprocess.Popen(
            tied(argv, signal.SIGKILL), cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
        )
        self._process = process
        assert process.stdout is not None
        ready = READY.match(process.stdout.readline())
        if not ready:
            self.end()
            raise RuntimeError("the localnet did not start")
        net = Localnet(ready[1], ready[2])
        self._ports = (net.url.rpartition(":")[2], str(net.lag_url).rpartition(":")[2])
        _wait_for_slot(net)
        return net

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def end(self) -> None:
        """End it for good."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            if self._process.stdout:
                self._process.stdout.close()


def _wait_for_slot(net: Localnet) -> None:
    """A chain that was just made has nothing finalized yet."""
    while net.status()["blockHeight"] < 2:
        time.sleep(0.02)
