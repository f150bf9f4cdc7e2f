"""The benchmarks run, and every figure of the issue is there. No timing is asserted: that is a person's to read."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXPECTED = {
    "a": ["claim, 120", "finalize, 120", "claim + finalize", "end / start, claim", "claim's cost"],
    "b": ["Celery, 1 money", "pgbench", "limit, 1", "limit, 2", "Celery / pgbench", "Celery / limit"],
    "c": ["settled pulls", "the localnet's ceiling"],
    "d": ["money-0, 20 due, PSS", "io, 60 due, RSS", "all PSS"],
    "e": ["claimed, 1 claimer", "finalized meanwhile"],
    "f": [
        "payments, median",
        "99th percentile",
        "trigger, answer 202",
        "trigger while Valkey",
        "admin, list of",
        "admin, payments, parked",
        "admin, payments, search by signature",
        "admin, one payment",
        "worst of",
    ],
    "g": ["callback, median", "99th percentile", "CPU of the web processes", "kept"],
    "h": [
        "the simulator alone",
        "charges, alone",
        "charges, beside",
        "share of the ideal",
        "io worker, PSS",
        "its database connections",
        "on their way beside it",
    ],
}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """The short form on servers of its own."""
    folder = tmp_path_factory.mktemp("bench")
    environ = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
    environ["TEST_RUN_DIR"] = str(folder / "run")
    command = [sys.executable, "-m", "benchmarks", "--short", "--to", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads((folder / "short.json").read_text())


def test_every_figure_is_there(result: dict) -> None:
    for section in result["sections"]:
        names = [figure["name"] for figure in section["figures"]]
        for wanted in EXPECTED[section["letter"]]:
            assert any(name.startswith(wanted) or wanted in name for name in names), (wanted, names)
        assert all(value >= 0 for figure in section["figures"] for value in figure["values"])
        assert section["method"]
    assert [section["letter"] for section in result["sections"]] == list(EXPECTED)


def test_the_machine_is_named_and_nobody_is(result: dict) -> None:
    machine = result["machine"]
    for name in ("cores", "CPU", "memory", "PostgreSQL", "Valkey", "commit", "load average before"):
        assert machine[name]
    assert "fsync=" in machine["PostgreSQL"]
    assert not re.search(r"(?<!\w)/(?:home|work|tmp|root|Users)/", json.dumps(result))


def test_an_unknown_measurement_is_refused() -> None:
    command = [sys.executable, "-m", "benchmarks", "--only", "z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "not z" in done.stderr
