"""The chain: slots, living blockhashes, and the one door through which a transaction lands."""

import base64
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from solders.account import Account
from solders.compute_budget import set_compute_unit_limit
from solders.hash import Hash
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from sandbox.localnet import genesis, nonce, wire
from sandbox.localnet.history import History, Landed
from sandbox.localnet.state import State, StateError
from sandbox.localnet.truth import TruthLog
from sandbox.localnet.vm import Vm

BLOCKHASH_LIFE_SLOTS = 150
CONFIRMED_DEPTH_SLOTS = 1
FINALIZED_DEPTH_SLOTS = 32
# Blockhashes older than their life are kept this long, so that a lagging view still knows them.
RING_SLOTS = 1024
AIRDROP_UNITS_MIN, AIRDROP_UNITS_SPAN = 10_000, 1_000_000


class Chain:
    """One cluster. Single-threaded: every call comes from the event loop."""

    def __init__(self, state: State, programs: dict[Pubkey, Path] | None = None) -> None:
        """Build the genesis bank and replay the journal of ``state`` onto it."""
        self.genesis = state.genesis
        self.history = History()
        self.truth = TruthLog(state.folder / "truth.jsonl")
        self.vm = Vm(self.genesis)
        for address, path in (programs or {}).items():
            self.vm.add_program(address, path)
        self.first_available = genesis.START_SLOT
        self._state = state
        self._late: defaultdict[int, list[wire.Incoming]] = defaultdict(list)
        self._late_signatures: set[str] = set()
        self.arrived: Counter[str] = Counter()
        """How often a node was handed a transaction since this process began, by signature; landed or not."""
        self._replay()
        self.slot = max(state.read_slot(), self.history.last_slot)
        self._slot_of = {self.genesis.blockhash(s): s for s in range(self.slot - RING_SLOTS, self.slot + 1)}
        self._times = {self.slot: int(time.time())}
        self._drop_due()

    # -- slots and blockhashes

    def tick(self) -> int:
        """Begin the next slot and land what was held back for it; the new slot."""
        self.slot += 1
        self._slot_of[self.genesis.blockhash(self.slot)] = self.slot
        self._slot_of.pop(self.genesis.blockhash(self.slot - RING_SLOTS - 1), None)
        self._times[self.slot] = int(time.time())
        self._times.pop(self.slot - RING_SLOTS - 1, None)
        for incoming in self._late.pop(self.slot, ()):
            self._land_late(incoming)
        self._state.write_slot(self.slot)  # last: a kill before it repeats the slot, held ones included
        self.truth.flush()
        return self.slot

    def slot_of(self, blockhash: str) -> int | None:
        """The slot that made a blockhash; None when unknown or long dead."""
        return self._slot_of.get(blockhash)

    def time_of(self, slot: int) -> int | None:
        """When a slot began, unix seconds; None for one long ago, ahead, or before the last start."""
        return self._times.get(slot)

    def blockhash_alive(self, blockhash: str, at_slot: int) -> bool:
        """Whether the bank of ``at_slot`` accepts a blockhash: known to it and not over 150 slots old."""
        made = self._slot_of.get(blockhash)
        return made is not None and made <= at_slot <= made + BLOCKHASH_LIFE_SLOTS

    # -- transactions

    def enter(self) -> None:
        """Give the virtual machine the present slot and the real time."""
        self.vm.enter(self.slot, int(time.time()))

    def spendable(self, incoming: wire.Incoming, at_slot: int) -> bool:
        """Whether the blockhash, or the durable nonce in its place, is good at a slot."""
        return self.blockhash_alive(incoming.blockhash, at_slot) or nonce.usable(
            self.vm.svm, incoming.message
        )

    def land(self, incoming: wire.Incoming) -> Landed | None:
        """Execute now, once. None if it never lands: a duplicate, unsigned, expired, or unpaid fee."""
        if self.history.has(incoming.signature) or not incoming.signatures_valid():
            return None
        self.enter()
        if not self.spendable(incoming, self.slot):
            return None
        moment = int(time.time())
        landed = self._execute(incoming, self.slot, moment)
        if landed:
            record = {"k": "tx", "s": self.slot, "t": moment, "e": landed.outcome.err}
            self._state.write(record | {"r": base64.b64encode(incoming.raw).decode()})
            self.truth.append(landed)
        return landed

    def hold(self, incoming: wire.Incoming, slots: int) -> None:
        """Land a transaction ``slots`` later, if its blockhash still lives then. Survives a restart."""
        if self.held(incoming.signature):
            return
        due = self.slot + max(1, slots)
        self._late[due].append(incoming)
        self._late_signatures.add(incoming.signature)
        self._state.write({"k": "late", "s": due, "r": base64.b64encode(incoming.raw).decode()})

    def held(self, signature: str) -> bool:
        """Whether a transaction waits to land late."""
        return signature in self._late_signatures

    def held_count(self) -> int:
        """How many transactions wait to land late."""
        return len(self._late_signatures)

    def airdrop(self, to: Pubkey, lamports: int) -> Landed | None:
        """Pay from the faucet by an ordinary transaction."""
        key = self.genesis.faucet()
        # The unit limit makes equal airdrops of one slot distinct transactions.
        units = AIRDROP_UNITS_MIN + len(self.history) % AIRDROP_UNITS_SPAN
        pay = transfer(TransferParams(from_pubkey=key.pubkey(), to_pubkey=to, lamports=lamports))
        blockhash = Hash.from_string(self.genesis.blockhash(self.slot))
        message = MessageV0.try_compile(key.pubkey(), [set_compute_unit_limit(units), pay], [], blockhash)
        return self.land(wire.decode(bytes(VersionedTransaction(message, [key]))))

    # -- cheats

    def set_account(self, address: Pubkey, account: Account) -> None:
        """Overwrite an account; not in history, not in the truth log."""
        self.vm.svm.set_account(address, account)
        data = base64.b64encode(account.data).decode()
        fields = [account.lamports, data, str(account.owner), account.executable]
        self._state.write({"k": "account", "a": str(address), "f": fields})

    def purge(self, before_slot: int) -> int:
        """Forget history before a slot, as nodes with little storage do; the first slot left."""
        self.first_available = max(self.first_available, min(before_slot, self.slot))
        self._state.write({"k": "purge", "s": self.first_available})
        return self.first_available

    def close(self) -> None:
        """Flush the truth log and release the state folder."""
        self.truth.close()
        self._state.close()

    # -- inside

    def _execute(self, incoming: wire.Incoming, slot: int, moment: int) -> Landed | None:
        self.vm.enter(slot, moment)
        outcome = self.vm.execute(incoming)
        if not outcome.charged:
            return None
        memo = wire.format_memos(wire.memos(incoming.message))
        landed = Landed(len(self.history) + 1, slot, moment, incoming, outcome, memo)
        self.history.add(landed)
        return landed

    def _land_late(self, incoming: wire.Incoming) -> None:
        self._late_signatures.discard(incoming.signature)
        self.land(incoming)

    def _replay(self) -> None:
        for record in self._state.records():
            kind = record["k"]
            if kind == "purge":
                self.first_available = record["s"]
            elif kind == "account":
                lamports, data, owner, executable = record["f"]
                account = Account(
                    lamports,
                    base64.b64decode(data),
                    Pubkey.from_string(owner),
                    executable,
                    genesis.NEVER_RENT_EPOCH,
                )
                self.vm.svm.set_account(Pubkey.from_string(record["a"]), account)
            else:
                self._replay_transaction(record)

    def _replay_transaction(self, record: dict[str, Any]) -> None:
        incoming = wire.decode(base64.b64decode(record["r"]))
        if record["k"] == "late":
            self._late[record["s"]].append(incoming)
            self._late_signatures.add(incoming.signature)
            return
        self._late_signatures.discard(incoming.signature)
        landed = self._execute(incoming, record["s"], record["t"])
        if landed is None or landed.outcome.err != record["e"]:
            # Silence here would give a test a chain that differs from the one its ledger saw.
            raise StateError(f"journal in {self._state.folder} replays differently: {incoming.signature}")
        self.truth.append(landed)

    def _drop_due(self) -> None:
        """After a restart: forget held transactions whose slot has passed (landed, or refused then)."""
        for due in [slot for slot in self._late if slot <= self.slot]:
            for incoming in self._late.pop(due):
                self._late_signatures.discard(incoming.signature)
