"""LiteSVM with the few things around it that a bank has: a clock, balances before and after, nonces."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from solders.account import Account
from solders.litesvm import LiteSVM
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import (
    FailedTransactionMetadata,
    SimulatedTransactionInfo,
    TransactionMetadata,
)

from sandbox.localnet import genesis, nonce, tokens, wire

LOOKUP_TABLE_HEADER_BYTES = 56


@dataclass(slots=True)
class Outcome:
    """What one execution did. ``err`` is in JSON-RPC form; balances follow ``keys``, in lamports."""

    err: Any
    fee: int
    charged: bool
    meta: TransactionMetadata
    keys: list[Pubkey]
    loaded: tuple[list[Pubkey], list[Pubkey]]
    pre: list[int]
    post: list[int] = field(default_factory=list)
    pre_tokens: list[tokens.TokenBalance] = field(default_factory=list)
    post_tokens: list[tokens.TokenBalance] = field(default_factory=list)


class Vm:
    """The one LiteSVM of a chain. Not thread-safe: only the event loop may call it."""

    def __init__(self, start: genesis.Genesis) -> None:
        # Blockhashes, signatures and duplicates are checked by the chain: LiteSVM keeps one live
        # blockhash and forgets old signatures. Its own history would only cost memory.
        self.svm = LiteSVM().with_blockhash_check(False).with_sigverify(False).with_transaction_history(0)
        for address, account in genesis.accounts(start).items():
            self.svm.set_account(address, account)
        self._programs: set[Pubkey] = set()
        self._decimals: dict[Pubkey, int] = {}
        self._moment = (0, 0)
        self._executed_slot = 0
        self._hash_used = False

    def add_program(self, address: Pubkey, path: Path) -> None:
        """Load a compiled program from a file."""
        self.svm.add_program_from_file(address, path)

    def enter(self, slot: int, unix_time: int) -> None:
        """Set the clock, and give a new slot a new internal blockhash (nonces are made from it).

        The hash moves only after a slot in which something ran: a replay of the journal sees the
        same slots and so derives the same nonce values.
        """
        if self._hash_used and slot > self._executed_slot:
            self.svm.expire_blockhash()
            self._hash_used = False
        if self._moment != (slot, unix_time):
            clock = self.svm.get_clock()
            clock.slot, clock.unix_timestamp = slot, unix_time
            self.svm.set_clock(clock)
            self._moment = (slot, unix_time)

    def execute(self, incoming: wire.Incoming) -> Outcome:
        """Run a transaction for good. Without a charged fee it changed nothing and never landed."""
        static = list(incoming.message.account_keys)
        loaded = self._loaded(incoming.message)
        keys = static + loaded[0] + loaded[1]
        pre, pre_tokens = self._balances(keys)
        result = self.svm.send_transaction(incoming.tx)
        err, meta = _split(result)
        post, post_tokens = self._balances(keys)
        charged = err is None or post[0] < pre[0]
        if charged:
            self._executed_slot, self._hash_used = self._moment[0], True
        if charged and err is not None and nonce.usable(self.svm, incoming.message):
            address = nonce.nonce_account(incoming.message)
            assert address is not None
            nonce.advance_after_failure(self.svm, address)
        return Outcome(err, meta.fee(), charged, meta, keys, loaded, pre, post, pre_tokens, post_tokens)

    def simulate(self, tx: VersionedTransaction) -> tuple[Any, TransactionMetadata, dict[Pubkey, Account]]:
        """(err, meta, accounts afterwards) of a transaction that is not executed."""
        result = self.svm.simulate_transaction(tx)
        if isinstance(result, SimulatedTransactionInfo):
            return None, result.meta(), dict(result.post_accounts())
        err, meta = _split(result)
        return err, meta, {}

    def decimals(self, mint: Pubkey) -> int:
        """Decimals of a mint; they never change, so they are read once."""
        if mint not in self._decimals:
            account = self.svm.get_account(mint)
            self._decimals[mint] = account.data[44] if account and len(account.data) > 44 else 0
        return self._decimals[mint]

    def _balances(self, keys: list[Pubkey]) -> tuple[list[int], list[tokens.TokenBalance]]:
        lamports, held = [], []
        for index, key in enumerate(keys):
            if key in self._programs:  # reading one copies its whole code
                lamports.append(self.svm.get_balance(key) or 0)
                continue
            account = self.svm.get_account(key)
            lamports.append(account.lamports if account else 0)
            if account is None:
                continue
            if account.executable:
                self._programs.add(key)
            elif balance := tokens.balance_of(index, account):
                held.append(balance)
        return lamports, held

    def _loaded(self, message: Message | MessageV0) -> tuple[list[Pubkey], list[Pubkey]]:
        writable: list[Pubkey] = []
        readonly: list[Pubkey] = []
        for table, writes, reads in wire.lookups(message):
            account = self.svm.get_account(table)
            data = account.data[LOOKUP_TABLE_HEADER_BYTES:] if account else b""
            entries = [Pubkey.from_bytes(data[i : i + 32]) for i in range(0, len(data) - 31, 32)]
            writable += [entries[i] for i in writes if i < len(entries)]
            readonly += [entries[i] for i in reads if i < len(entries)]
        return writable, readonly


def _split(result: TransactionMetadata | FailedTransactionMetadata) -> tuple[Any, TransactionMetadata]:
    if isinstance(result, FailedTransactionMetadata):
        return json.loads(result.to_json())["err"], result.meta()
    return None, result
