"""The chain as one node sees it: at a commitment, and perhaps some slots behind.

A lag holds for slots, heights, blockhashes, statuses and history. Accounts and simulation answer from
the newest state on every node and at every commitment: LiteSVM keeps no older one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.localnet.chain import CONFIRMED_DEPTH_SLOTS, FINALIZED_DEPTH_SLOTS, Chain
from sandbox.localnet.history import Landed
from sandbox.localnet.rpc import errors

DEPTH_SLOTS = {"processed": 0, "confirmed": CONFIRMED_DEPTH_SLOTS, "finalized": FINALIZED_DEPTH_SLOTS}
OLD_NAMES = {
    "recent": "processed",
    "single": "confirmed",
    "singleGossip": "confirmed",
    "root": "finalized",
    "max": "finalized",
}
# Without searchTransactionHistory a node looks only into its recent status cache.
STATUS_CACHE_SLOTS = 300
# A node this far behind calls itself unhealthy.
HEALTHY_LAG_SLOTS = 128


@dataclass(frozen=True)
class View:
    """One node: the chain, ``lag`` slots behind; ``keeps`` the history of so many slots (None: all)."""

    chain: Chain
    lag: int = 0
    keeps: int | None = None

    @property
    def first_available(self) -> int:
        """The first slot whose history this node still has."""
        purged = self.chain.first_available
        return purged if self.keeps is None else max(purged, self.head("processed") - self.keeps)

    @property
    def healthy(self) -> bool:
        """Whether the node is near enough to the cluster."""
        return self.lag <= HEALTHY_LAG_SLOTS

    def head(self, commitment: str) -> int:
        """The newest slot of a commitment on this node."""
        return self.chain.slot - self.lag - DEPTH_SLOTS[commitment]

    def bank(self, config: dict[str, Any], key: str = "commitment") -> int:
        """The slot that answers a request, by its commitment; -32016 if it is below minContextSlot."""
        slot = self.head(commitment_of(config, key))
        least = config.get("minContextSlot")
        if least is not None and least > slot:
            raise errors.RpcError(
                errors.MIN_CONTEXT_SLOT, "Minimum context slot has not been reached", {"contextSlot": slot}
            )
        return slot

    def find(self, signature: str, commitment: str) -> Landed | None:
        """A landed transaction if this node has it, at this commitment, and has not purged it."""
        landed = self.chain.history.get(signature)
        return landed if landed and self._shows(landed, commitment) else None

    def recent(self, signature: str) -> Landed | None:
        """A landed transaction if it is still in the node's status cache."""
        landed = self.find(signature, "processed")
        in_cache = landed and landed.slot > self.head("finalized") - STATUS_CACHE_SLOTS
        return landed if in_cache else None

    def of_address(self, address: bytes, commitment: str) -> Iterator[Landed]:
        """History of an address on this node, newest first."""
        for landed in self.chain.history.newest_first(address):
            if self._shows(landed, commitment):
                yield landed

    def status_of(self, landed: Landed) -> str:
        """How far this node knows a transaction to have come: the strongest commitment reached."""
        reached = (name for name in ("finalized", "confirmed") if landed.slot <= self.head(name))
        return next(reached, "processed")

    def _shows(self, landed: Landed, commitment: str) -> bool:
        return self.first_available <= landed.slot <= self.head(commitment)


def commitment_of(config: dict[str, Any], key: str = "commitment") -> str:
    """The commitment of a request's options; absent or null means finalized, as on every node."""
    name = config.get(key) or "finalized"
    name = OLD_NAMES.get(name, name)
    if name not in DEPTH_SLOTS:
        raise errors.invalid_params(f"Invalid params: unknown variant `{name}`")
    return name


def settled_commitment(config: dict[str, Any]) -> str:
    """The commitment of a history request, which may not be processed."""
    name = commitment_of(config)
    if name == "processed":
        raise errors.invalid_params("Method does not support commitment below `confirmed`")
    return name
