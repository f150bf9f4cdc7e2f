"""Where a chain begins: a random seed from which blockhashes and the faucet key follow."""

import hashlib
from dataclasses import dataclass

from solders.account import Account
from solders.hash import Hash
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from sandbox.localnet.addresses import MINT_SIZE, SYSTEM_PROGRAM, TOKEN_PROGRAM, WRAPPED_SOL_MINT

# LiteSVM's own clock starts here; a number above 2**28 also finds columns that are too narrow.
START_SLOT = 435_888_000
# Real clusters skip slots, so height runs behind slot; a constant is enough to catch a mixed-up unit.
HEIGHT_LAG = 21_890_000
FAUCET_LAMPORTS = 500_000_000 * 10**9
NEVER_RENT_EPOCH = 2**64 - 1


@dataclass(frozen=True)
class Genesis:
    """The identity of one chain; ``seed`` is 32 random bytes kept in the state folder."""

    seed: bytes

    @property
    def hash(self) -> str:
        """The genesis hash, base58."""
        return _base58(hashlib.sha256(b"genesis" + self.seed).digest())

    def blockhash(self, slot: int) -> str:
        """The blockhash of a slot. A function of the slot, so the ring needs no storage."""
        return _base58(hashlib.sha256(self.seed + slot.to_bytes(8, "little")).digest())

    def faucet(self) -> Keypair:
        """The key that pays airdrops: they are ordinary transactions with ordinary history."""
        return Keypair.from_seed(hashlib.sha256(b"faucet" + self.seed).digest())


def height(slot: int) -> int:
    """Block height of a slot."""
    return slot - HEIGHT_LAG


def wrapped_sol_mint() -> Account:
    """The native mint, which LiteSVM lacks: 9 decimals, initialized, no authorities."""
    data = bytearray(MINT_SIZE)
    data[44], data[45] = 9, 1
    return Account(10**9, bytes(data), TOKEN_PROGRAM, False, NEVER_RENT_EPOCH)


def accounts(genesis: Genesis) -> dict[Pubkey, Account]:
    """Accounts that exist before the first transaction, by address."""
    faucet = Account(FAUCET_LAMPORTS, b"", SYSTEM_PROGRAM, False, NEVER_RENT_EPOCH)
    return {WRAPPED_SOL_MINT: wrapped_sol_mint(), genesis.faucet().pubkey(): faucet}


def _base58(digest: bytes) -> str:
    return str(Hash.from_bytes(digest))
