"""Extra methods (``x_``) by which tests and the demo steer the chain. Served to loopback only."""

import base64
import binascii
from typing import Any

from solders.account import Account

from sandbox.localnet.addresses import SYSTEM_PROGRAM
from sandbox.localnet.faults import FaultError, Faults
from sandbox.localnet.genesis import NEVER_RENT_EPOCH, height
from sandbox.localnet.rpc import errors
from sandbox.localnet.rpc.params import Call, parse_pubkey

PREFIX = "x_"
ADVANCE_SLOTS_MAX = 1_000_000
TRUTH_ENTRIES_MAX = 10_000


class Control:
    """The control methods of one server; ``paused`` is read by its ticker."""

    def __init__(self, faults: Faults, slot_ms: int) -> None:
        self.faults = faults
        self.slot_ms = slot_ms
        self.paused = slot_ms <= 0
        self.methods = {
            "x_setFault": self.set_fault,
            "x_clearFaults": self.clear_faults,
            "x_faults": self.list_faults,
            "x_calls": self.count_calls,
            "x_arrivals": self.count_arrivals,
            "x_advance": self.advance,
            "x_pause": self.pause,
            "x_resume": self.resume,
            "x_purge": self.purge,
            "x_truth": self.truth,
            "x_setAccount": self.set_account,
            "x_status": self.status,
        }

    def set_fault(self, call: Call) -> int:
        """x_setFault([fault]): the id of the new switch; members as in ``faults.Fault``."""
        try:
            return self.faults.set(call.options(0)).id
        except (FaultError, TypeError) as error:
            raise errors.invalid_params(str(error)) from None

    def clear_faults(self, call: Call) -> int:
        """x_clearFaults([id or null]): how many switches were removed."""
        return self.faults.clear(call.at(0, int, None))

    def list_faults(self, call: Call) -> list[dict[str, Any]]:
        """x_faults([]): the switches, with how often each fired."""
        return self.faults.listed()

    def count_calls(self, call: Call) -> dict[str, int]:
        """x_calls([]): how often each method was called since the server began."""
        return dict(self.faults.calls)

    def count_arrivals(self, call: Call) -> list[int]:
        """x_arrivals([signatures]): how often a node was handed each, since the server began."""
        return [call.chain.arrived[str(each)] for each in call.at(0, list)]

    def advance(self, call: Call) -> int:
        """x_advance([slots]): tick at once, also while paused; the new slot."""
        slots = call.at(0, int, 1)
        if not 0 <= slots <= ADVANCE_SLOTS_MAX:
            raise errors.invalid_params(f"slots must be from 0 to {ADVANCE_SLOTS_MAX}")
        for _ in range(slots):
            call.chain.tick()
        return call.chain.slot

    def pause(self, call: Call) -> bool:
        """x_pause([]): slots stand still."""
        self.paused = True
        return True

    def resume(self, call: Call) -> bool:
        """x_resume([]): slots tick again; false if the server has no slot time."""
        self.paused = self.slot_ms <= 0
        return not self.paused

    def purge(self, call: Call) -> int:
        """x_purge([{beforeSlot} or {keepSlots}]): the first available slot; all history by default."""
        options = call.options(0)
        keep = call.chain.slot - int(options.get("keepSlots", 0))
        return call.chain.purge(int(options.get("beforeSlot", keep)))

    def truth(self, call: Call) -> list[dict[str, Any]]:
        """x_truth([{since, memo, signature, limit}]): truth entries with seq > since, oldest first."""
        options = call.options(0)
        limit = min(int(options.get("limit", TRUTH_ENTRIES_MAX)), TRUTH_ENTRIES_MAX)
        return call.chain.truth.read(
            int(options.get("since", 0)), options.get("memo"), options.get("signature"), limit
        )

    def set_account(self, call: Call) -> bool:
        """x_setAccount([address, {lamports, data (base64), owner, executable}]): overwrite an account."""
        options = call.options(1)
        try:
            data = base64.b64decode(options.get("data", ""), validate=True)
        except binascii.Error as error:
            raise errors.invalid_params(f"invalid base64: {error}") from None
        owner = parse_pubkey(options.get("owner", str(SYSTEM_PROGRAM)))
        lamports, executable = int(options.get("lamports", 0)), bool(options.get("executable"))
        account = Account(lamports, data, owner, executable, NEVER_RENT_EPOCH)
        call.chain.set_account(call.pubkey(0), account)
        return True

    def status(self, call: Call) -> dict[str, Any]:
        """x_status([]): where the chain stands."""
        chain = call.chain
        return {
            "slot": chain.slot,
            "blockHeight": height(chain.slot),
            "slotMs": self.slot_ms,
            "paused": self.paused,
            "executed": len(chain.history),
            "held": chain.held_count(),
            "firstAvailable": chain.first_available,
            "faults": len(self.faults.listed()),
        }
