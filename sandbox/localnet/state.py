"""The state folder: a journal of what changed the chain, replayed at the next start.

Nothing is fsynced: a killed process keeps what it wrote, which is what a restart test needs, and a
power cut may cost a test chain its last moments.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.localnet.genesis import START_SLOT, Genesis

SEED_BYTES = 32


class StateError(Exception):
    """The folder cannot be used; the text says why in one line."""


class State:
    """Genesis, slot counter and journal of one chain in one folder, held by one process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._lock = (folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise StateError(f"state folder {folder} is held by another localnet") from None
        self.genesis = self._genesis()
        self._slot_file = os.open(folder / "slot", os.O_RDWR | os.O_CREAT, 0o644)
        self._journal_path = folder / "journal.jsonl"
        self._trim()
        # Unbuffered: a record must have left the process before the client reads its answer.
        self._journal = self._journal_path.open("ab", buffering=0)

    def read_slot(self) -> int:
        """The slot of the last tick, or the start slot."""
        text = os.pread(self._slot_file, 32, 0)
        return int(text) if text else START_SLOT

    def write_slot(self, slot: int) -> None:
        """Note a tick. One small overwrite: the number has a fixed width."""
        os.pwrite(self._slot_file, b"%20d" % slot, 0)

    def write(self, record: dict[str, Any]) -> None:
        """Append one journal record."""
        self._journal.write(json.dumps(record, separators=(",", ":")).encode() + b"\n")

    def records(self) -> Iterator[dict[str, Any]]:
        """The journal from its beginning."""
        with self._journal_path.open("rb") as lines:
            for line in lines:
                yield json.loads(line)

    def close(self) -> None:
        """Release the folder."""
        self._journal.close()
        os.close(self._slot_file)
        self._lock.close()

    def _genesis(self) -> Genesis:
        path = self.folder / "genesis.json"
        if not path.exists():
            partial = path.with_suffix(".new")
            partial.write_text(json.dumps({"seed": os.urandom(SEED_BYTES).hex()}))
            partial.replace(path)
        return Genesis(bytes.fromhex(json.loads(path.read_text())["seed"]))

    def _trim(self) -> None:
        """Cut a record that a kill left half written; nobody was told about it."""
        self._journal_path.touch()
        with self._journal_path.open("r+b") as file:
            end = file.seek(0, os.SEEK_END)
            while end > 0:
                start = max(0, end - 4096)
                file.seek(start)
                newline = file.read(end - start).rfind(b"\n")
                if newline >= 0:
                    file.truncate(start + newline + 1)
                    return
                end = start
            file.truncate(0)
