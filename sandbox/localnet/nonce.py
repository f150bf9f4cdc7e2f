"""Durable nonces: what the cluster checks around the virtual machine and LiteSVM does not."""

import hashlib

from solders.account import Account
from solders.hash import Hash
from solders.litesvm import LiteSVM
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey

from sandbox.localnet.addresses import NONCE_ACCOUNT_SIZE, SYSTEM_PROGRAM

ADVANCE_NONCE = 4


def nonce_account(message: Message | MessageV0) -> Pubkey | None:
    """The nonce account if the first instruction advances one, else None."""
    if not message.instructions:
        return None
    first, keys = message.instructions[0], message.account_keys
    accounts = bytes(first.accounts)
    if keys[first.program_id_index] != SYSTEM_PROGRAM or not accounts or accounts[0] >= len(keys):
        return None
    return keys[accounts[0]] if bytes(first.data)[:4] == ADVANCE_NONCE.to_bytes(4, "little") else None


def usable(svm: LiteSVM, message: Message | MessageV0) -> bool:
    """Whether the message's blockhash is a stored nonce that may be spent now.

    With LiteSVM's blockhash check off this is the only guard against a stale nonce.
    """
    address = nonce_account(message)
    account = svm.get_account(address) if address else None
    if account is None or account.owner != SYSTEM_PROGRAM or len(account.data) != NONCE_ACCOUNT_SIZE:
        return False
    stored, authority = account.data[40:72], Pubkey.from_bytes(account.data[8:40])
    signers = message.account_keys[: message.header.num_required_signatures]
    fresh = stored != next_value(svm.latest_blockhash())  # made in this very block: not yet usable
    return stored == bytes(message.recent_blockhash) and authority in signers and fresh


def next_value(blockhash: Hash) -> bytes:
    """The nonce value that a block gives to the nonces advanced in it."""
    return hashlib.sha256(b"DURABLE_NONCE" + bytes(blockhash)).digest()


def advance_after_failure(svm: LiteSVM, address: Pubkey) -> None:
    """Advance a nonce whose transaction failed: the cluster does, LiteSVM rolls it back."""
    account = svm.get_account(address)
    if account is None or len(account.data) != NONCE_ACCOUNT_SIZE:
        return
    data = bytearray(account.data)
    data[40:72] = next_value(svm.latest_blockhash())
    svm.set_account(
        address,
        Account(account.lamports, bytes(data), account.owner, account.executable, account.rent_epoch),
    )
