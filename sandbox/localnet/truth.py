"""The truth log: what really happened on the chain, whatever the history methods say.

One JSON line per executed transaction. Tests compare the product's ledger with it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.localnet import tokens, wire
from sandbox.localnet.history import Landed

# Made once: json.dumps with separators builds an encoder for every call.
_encode = json.JSONEncoder(separators=(",", ":")).encode


class TruthLog:
    """Append-only file of JSON lines; only the byte offset of each line stays in memory."""

    def __init__(self, path: Path) -> None:
        """Open the file; what it holds already is counted, a line cut short by a kill is removed."""
        self._file = path.open("a+b")
        self._file.seek(0)
        self._offsets = [0]
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            self._offsets.append(self._offsets[-1] + len(line))
        self._file.truncate(self._offsets[-1])

    def append(self, landed: Landed) -> None:
        """Write a transaction once: a replay after a restart offers the old ones again."""
        if landed.sequence < len(self._offsets):
            return
        line = _encode(entry(landed)).encode() + b"\n"
        self._file.write(line)
        self._offsets.append(self._offsets[-1] + len(line))

    def flush(self) -> None:
        """Hand buffered lines to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Flush and close the file."""
        self._file.close()

    def read(
        self, since: int = 0, memo: str | None = None, signature: str | None = None, limit: int = 10_000
    ) -> list[dict[str, Any]]:
        """Entries with ``seq > since``, oldest first; ``memo`` and ``signature`` match exactly."""
        found: list[dict[str, Any]] = []
        for item in self._from(since):
            if memo is not None and memo not in item["memos"]:
                continue
            if signature is not None and signature != item["signature"]:
                continue
            found.append(item)
            if len(found) >= limit:
                break
        return found

    def _from(self, since: int) -> Iterator[dict[str, Any]]:
        self._file.flush()
        if since >= len(self._offsets):
            return
        self._file.seek(self._offsets[since])
        for line in self._file:
            yield json.loads(line)


def entry(landed: Landed) -> dict[str, Any]:
    """A landed transaction as a truth entry; amounts are integers in the smallest unit."""
    outcome, message = landed.outcome, landed.incoming.message
    return {
        "seq": landed.sequence,
        "slot": landed.slot,
        "time": landed.block_time,
        "signature": landed.signature,
        "err": outcome.err,
        "fee": outcome.fee,
        "fee_payer": str(outcome.keys[0]),
        "memos": [text.decode(errors="replace") for text in wire.memos(message)],
        "transfers": [] if outcome.err is not None else _transfers(landed),
        "token_changes": _token_changes(landed),
        "lamport_changes": [
            {"account": str(key), "change": after - before}
            for key, before, after in zip(outcome.keys, outcome.pre, outcome.post, strict=True)
            if after != before
        ],
    }


def _transfers(landed: Landed) -> list[dict[str, Any]]:
    outcome = landed.outcome
    mints = {outcome.keys[b.index]: b.mint for b in outcome.pre_tokens + outcome.post_tokens}
    inner = outcome.meta.inner_instructions()
    found = []
    for number, outer in enumerate(wire.outer_instructions(landed.incoming.message)):
        called = [each.instruction() for each in inner[number]] if number < len(inner) else []
        found += tokens.transfers([outer, *called], outcome.keys, mints)
    return [
        {
            "source": str(each.source),
            "destination": str(each.destination),
            "mint": str(each.mint) if each.mint else None,
            "amount": each.amount,
            "authority": str(each.authority),
        }
        for each in found
    ]


def _token_changes(landed: Landed) -> list[dict[str, Any]]:
    outcome = landed.outcome
    before = {b.index: b for b in outcome.pre_tokens}
    after = {b.index: b for b in outcome.post_tokens}
    changes = []
    for index in sorted(before.keys() | after.keys()):
        old, new = before.get(index), after.get(index)
        change = (new.amount if new else 0) - (old.amount if old else 0)
        held = new or old
        if change and held:
            account, mint, owner = str(outcome.keys[index]), str(held.mint), str(held.owner)
            changes.append({"account": account, "mint": mint, "owner": owner, "change": change})
    return changes
