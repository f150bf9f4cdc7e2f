"""Everything that landed, as the history methods search it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.localnet import wire
from sandbox.localnet.vm import Outcome


@dataclass(slots=True)
class Landed:
    """One executed transaction. ``sequence`` counts from 1; ``block_time`` is unix seconds."""

    sequence: int
    slot: int
    block_time: int
    incoming: wire.Incoming
    outcome: Outcome
    memo: str | None

    @property
    def signature(self) -> str:
        """Base58 signature."""
        return self.incoming.signature


class History:
    """Landed transactions by signature and by address, in order of execution."""

    def __init__(self) -> None:
        self._all: list[Landed] = []
        self._by_signature: dict[str, Landed] = {}
        self._by_address: defaultdict[bytes, list[int]] = defaultdict(list)

    def __len__(self) -> int:
        return len(self._all)

    @property
    def last_slot(self) -> int:
        """Slot of the newest transaction; 0 without any."""
        return self._all[-1].slot if self._all else 0

    def add(self, landed: Landed) -> None:
        """Append; its sequence must be the next one."""
        position = len(self._all)
        self._all.append(landed)
        self._by_signature[landed.signature] = landed
        for key in landed.outcome.keys:
            self._by_address[bytes(key)].append(position)

    def has(self, signature: str) -> bool:
        """Whether the signature ever landed. Purges do not touch this: the cluster never pays twice."""
        return signature in self._by_signature

    def get(self, signature: str) -> Landed | None:
        """The transaction with this signature, purged or not."""
        return self._by_signature.get(signature)

    def newest_first(self, address: bytes) -> Iterator[Landed]:
        """Transactions that name an address (32 bytes), newest first."""
        for position in reversed(self._by_address.get(address, ())):
            yield self._all[position]
