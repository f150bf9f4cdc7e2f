"""What /proc tells about a pid. `os.kill(pid, 0)` is not enough: it calls a zombie alive."""

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def started_at(pid: int) -> int | None:
    """The start time of a living process in clock ticks since boot; None when it is gone or a zombie.

    Pid and start time together name a process for good: a pid alone is used again.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The command's name stands in brackets and may hold spaces and brackets itself.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def children(pid: int) -> list[int]:
    """The living children of a process, of all its threads."""
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(each) for each in file.read_text().split()]
    return [each for each in found if started_at(each) is not None]


def working_in(folder: Path, name: str) -> list[int]:
    """The pids of living processes called `name` whose working folder is `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            same = (entry / "comm").read_text().strip() == name and os.path.samefile(entry / "cwd", folder)
        except OSError:
            continue
        if same and started_at(int(entry.name)) is not None:
            found.append(int(entry.name))
    return found


def listens(pid: int, port: int) -> bool:
    """Whether this very process holds a listening IPv4 socket on `port`."""
    try:
        rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
        held = {_target(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:
        return False
    # Fields 1, 3 and 9: local address as hex, state (0A is listening), the socket's inode.
    return any(
        row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port and f"socket:[{row[9]}]" in held
        for row in rows
    )


def _target(link: Path) -> str:
    try:
        return os.readlink(link)
    except FileNotFoundError:
        # Closed since the listing.
        return ""


def end(pids: Iterable[int], first: signal.Signals, seconds: float) -> None:
    """Send `first`, wait up to `seconds` for the processes to end, then SIGKILL what is left."""
    known = {pid: start for pid in pids if (start := started_at(pid)) is not None}
    for sig, wait in ((first, seconds), (signal.SIGKILL, 1.0)):
        for pid in known:
            with suppress(ProcessLookupError):
                os.kill(pid, sig)
        until = time.monotonic() + wait
        while known and time.monotonic() < until:
            known = {pid: start for pid, start in known.items() if started_at(pid) == start}
            time.sleep(0.02)
