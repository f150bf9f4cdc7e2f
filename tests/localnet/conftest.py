"""Localnets for these tests. ``still`` moves only when told to, so no test waits for a clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from sandbox.localnet import wallets
from sandbox.localnet.control import Localnet


@dataclass
class Payer:
    """A funded wallet on a localnet that makes SOL transfers."""

    net: Localnet
    key: Keypair

    def transfer(self, lamports: int, blockhash: str = "", text: str = "") -> bytes:
        """A signed transfer to a new address; distinct amounts or memos make distinct transactions."""
        address = self.key.pubkey()
        instructions = [wallets.pay(address, Pubkey.new_unique(), 10**6 + lamports)]
        instructions += [wallets.memo(address, text)] if text else []
        return bytes(wallets.build(self.net, instructions, [self.key], blockhash))

    def overdraw(self) -> bytes:
        """A transfer of more than there is: fails on chain and pays its fee."""
        pay = wallets.pay(self.key.pubkey(), Pubkey.new_unique(), 10**18)
        return bytes(wallets.build(self.net, [pay], [self.key]))

    def balance(self) -> int:
        """Lamports."""
        value: int = self.net.call("getBalance", str(self.key.pubkey()))["value"]
        return value


@pytest.fixture(scope="package")
def shared() -> Iterator[Localnet]:
    with Localnet.start(slot_ms=0, lag_slots=40) as net:
        yield net


@pytest.fixture
def still(shared: Localnet) -> Iterator[Localnet]:
    """A shared chain without a clock, with no fault left over."""
    yield shared
    shared.clear_faults()


@pytest.fixture
def payer(still: Localnet) -> Payer:
    return Payer(still, wallets.create_wallet(still, 100))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"
