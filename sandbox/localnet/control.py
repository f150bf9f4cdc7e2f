"""A synchronous handle on a running localnet, for tests and the demo."""

import base64
import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import requests
from solders.pubkey import Pubkey

from sandbox.started import Started, spawn

READY = re.compile(r"localnet ready url=(\S+)(?: lag_url=(\S+))? slot=(\d+)")
CALL_SECONDS_MAX = 30
WAIT_SECONDS_MAX = 30


class LocalnetError(Exception):
    """A JSON-RPC error answer; ``code``, ``message`` and ``data`` as the node gave them."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.data = code, message, data


class Localnet(Started):
    """A client of one localnet."""

    def __init__(self, url: str, lag_url: str | None = None) -> None:
        super().__init__(url)
        self.lag_url = lag_url

    @classmethod
    def start(
        cls,
        state: Path | str | None = None,
        *,
        slot_ms: int = 20,
        port: int = 0,
        lag_slots: int | None = None,
        arguments: Iterable[str] = (),
    ) -> "Localnet":
        """Start a server as a child process and wait for its ready line.

        ``port`` 0 picks a free one; ``lag_slots`` adds a second port with a lagging node.
        """
        words = ["--port", str(port), "--slot-ms", str(slot_ms)]
        words += ["--state", str(state)] if state else []
        words += ["--lag-port", "0", "--lag-slots", str(lag_slots)] if lag_slots else []
        process, ready = spawn("sandbox.localnet", [*words, *arguments], READY)
        net = cls(ready[1], ready[2])
        net.process = process
        return net

    def at(self, lag: int) -> "Localnet":
        """The same chain as a node ``lag`` slots behind sees it."""
        return Localnet(f"{self.url}/lag/{lag}")

    # -- JSON-RPC

    def call(self, method: str, *params: Any) -> Any:
        """One call; the ``result`` member, or LocalnetError. Transport faults raise as requests does."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        answer = self._session.post(self.url, json=body, timeout=CALL_SECONDS_MAX)
        answer.raise_for_status()
        envelope = answer.json()
        if "error" in envelope:
            error = envelope["error"]
            raise LocalnetError(error["code"], error["message"], error.get("data"))
        return envelope["result"]

    def post(self, body: Any) -> requests.Response:
        """A raw body, for batches and for looking at HTTP statuses."""
        return self._session.post(self.url, json=body, timeout=CALL_SECONDS_MAX)

    def send(self, raw: bytes, *, skip_preflight: bool = False, commitment: str = "processed") -> str:
        """sendTransaction; the signature."""
        options = {"encoding": "base64", "skipPreflight": skip_preflight, "preflightCommitment": commitment}
        signature: str = self.call("sendTransaction", base64.b64encode(raw).decode(), options)
        return signature

    def statuses(self, signatures: Sequence[str], *, search: bool = True) -> list[dict[str, Any] | None]:
        """getSignatureStatuses; one status or None for each."""
        options = {"searchTransactionHistory": search}
        value: list[dict[str, Any] | None] = self.call("getSignatureStatuses", list(signatures), options)[
            "value"
        ]
        return value

    def wait(self, signature: str, commitment: str = "confirmed") -> dict[str, Any]:
        """Poll until a signature has reached a commitment; its status, which may hold an ``err``."""
        ranks = ["processed", "confirmed", "finalized"]
        until = time.monotonic() + WAIT_SECONDS_MAX
        while time.monotonic() < until:
            status = self.statuses([signature])[0]
            if status and ranks.index(status["confirmationStatus"]) >= ranks.index(commitment):
                return status
            time.sleep(0.01)
        raise TimeoutError(f"{signature} is not {commitment} after {WAIT_SECONDS_MAX} s")

    def airdrop(self, address: Pubkey, lamports: int) -> str:
        """requestAirdrop; the signature, already processed."""
        signature: str = self.call("requestAirdrop", str(address), lamports)
        return signature

    # -- steering

    def fault(self, kind: str, **members: Any) -> int:
        """Set a fault, members as in ``faults.Fault``: methods, share, count, slots, ...; its id."""
        number: int = self.call("x_setFault", {"kind": kind, **members})
        return number

    def faults(self) -> list[dict[str, Any]]:
        """The switches with their ``fired`` counts."""
        found: list[dict[str, Any]] = self.call("x_faults")
        return found

    def clear_faults(self, fault_id: int | None = None) -> int:
        """Remove one switch or all."""
        removed: int = self.call("x_clearFaults", fault_id)
        return removed

    def calls(self) -> dict[str, int]:
        """How often each method was called since the server began."""
        found: dict[str, int] = self.call("x_calls")
        return found

    def arrivals(self, signatures: Sequence[str]) -> list[int]:
        """How often a node was handed each transaction since the server began, landed or not."""
        found: list[int] = self.call("x_arrivals", list(signatures))
        return found

    def advance(self, slots: int = 1) -> int:
        """Tick at once; the new slot."""
        slot: int = self.call("x_advance", slots)
        return slot

    def pause(self) -> None:
        """Let slots stand still."""
        self.call("x_pause")

    def resume(self) -> None:
        """Let slots tick."""
        self.call("x_resume")

    def purge(self, **where: int) -> int:
        """Forget history: ``beforeSlot=`` or ``keepSlots=``; the first slot left."""
        first: int = self.call("x_purge", where)
        return first

    def truth(self, since: int = 0, **filters: Any) -> list[dict[str, Any]]:
        """What executed: entries with seq > since; filters ``memo``, ``signature``, ``limit``."""
        found: list[dict[str, Any]] = self.call("x_truth", {"since": since, **filters})
        return found

    def executed(self) -> list[dict[str, Any]]:
        """All that ever executed: the log comes in pages, oldest first."""
        found: list[dict[str, Any]] = []
        while page := self.truth(found[-1]["seq"] if found else 0):
            found += page
        return found

    def set_account(self, address: Pubkey, *, lamports: int, data: bytes = b"", owner: str = "") -> None:
        """Overwrite an account; ``owner`` defaults to the system program."""
        fields = {"lamports": lamports, "data": base64.b64encode(data).decode(), "owner": owner or None}
        self.call("x_setAccount", str(address), fields)

    def status(self) -> dict[str, Any]:
        """slot, blockHeight, slotMs, paused, executed, held, firstAvailable, faults."""
        found: dict[str, Any] = self.call("x_status")
        return found
