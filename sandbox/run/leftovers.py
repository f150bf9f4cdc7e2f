"""What a killed supervisor left behind: children still ending, and the pid files that name them."""

import signal

from sandbox.run import proc
from sandbox.run.paths import Paths

GRACE_SECONDS = 4.0


def end(paths: Paths) -> list[str]:
    """End what pid files of the last run still name, drop the files, return the names of what lived.

    Call it under the lock alone: without it these are another supervisor's healthy children.
    """
    living: list[str] = []
    for file in sorted(paths.pids.iterdir()):
        pid, start, sig = (*file.read_text().split(), "", "", "")[:3]
        if pid.isdigit() and sig.isdigit() and str(proc.started_at(int(pid))) == start:
            living.append(file.name)
            proc.end([int(pid)], signal.Signals(int(sig)), GRACE_SECONDS)
        file.unlink()
    return living
