"""What every test ends with."""

from __future__ import annotations

from sandbox.live.house import House
from sandbox.live.verdict import Verdict


def settled_once(home: House, *, parked: int = 0) -> Verdict:
    """Wait for the end, then chain, ledger and invoices must agree one to one."""
    done = home.settle()
    verdict = home.verdict()
    assert done, f"not settled in time: {verdict}\n{complaints(home)}"
    assert verdict.holds, f"{verdict}\n{complaints(home)}"
    assert verdict.parked == parked, verdict
    assert verdict.succeeded + parked == home.owed, verdict
    return verdict


def complaints(home: House) -> str:
    """The last errors in the workers' logs."""
    lines = [
        f"{name}: {line[:600]}"
        for name, worker in home.workers.items()
        for line in worker.log.read_text(errors="replace").splitlines()
        if '"level": "error"' in line or "Traceback" in line
    ]
    return "\n".join(lines[-8:])
