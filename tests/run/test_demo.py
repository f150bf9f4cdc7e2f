"""The main job as a user starts it: every healthy subscription renews, every unlucky one ends for its true reason."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sandbox.demo import asked, cast
from sandbox.demo.show import STOPPED
from sandbox.run import envfile
from sandbox.run.paths import CHECKOUT
from tests.run import quickstart

KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
PORTS = {"WEB_PORT": "28000", "FLOWER_PORT": "25555", "SOLANA_PORT": "28899"}
LONGEST = 280
RUNS: list[subprocess.Popen[str]] = []
STOP_SECONDS = 5  # what Ctrl-C may take where the machine has air


def start(run_dir: Path, **environ: str) -> subprocess.Popen[str]:
    """`make run` without make: servers, workers and localnet of its own in `run_dir`."""
    env = {name: os.environ[name] for name in KEPT if name in os.environ}
    env |= {"RUN_DIR": str(run_dir), **PORTS, **environ}
    run = subprocess.Popen(
        [sys.executable, "-m", "sandbox.run"], cwd=CHECKOUT, env=env, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    RUNS.append(run)
    return run


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    """No run outlives its test, also when it fails."""
    yield
    while RUNS:
        with RUNS.pop() as run:
            run.terminate()
            run.communicate(timeout=60)


def key_of(said: str) -> str:
    found = re.search(r"API key +(cb_test_\S+)", said)
    return found[1] if found else ""


def web(run_dir: Path) -> str:
    """Where it really serves: another run may have taken the port that was asked for."""
    return f"http://127.0.0.1:{envfile.read(run_dir / 'env')['WEB_PORT']}/api"


def answered(run_dir: Path, key: str) -> int:
    url = f"{web(run_dir)}/keys"
    headers = {"Authorization": f"Bearer {key}"}
    return requests.get(url, headers=headers, timeout=10).status_code


def flower(run_dir: Path) -> tuple[int, int]:
    """What Flower answers without a login, and with the one of this run."""
    values = envfile.read(run_dir / "env")
    url, login = values["FLOWER_URL"] + "/workers", (values["FLOWER_USER"], values["FLOWER_PASSWORD"])
    asked = [requests.get(url, auth=auth, timeout=10).status_code for auth in (None, login)]
    return asked[0], asked[1]


def kill_postgres(run_dir: Path) -> None:
    os.kill(int((run_dir / "pids/postgres").read_text().split()[0]), signal.SIGKILL)


def test_a_cycle_across_a_killed_database_then_a_second_start_that_is_stopped(tmp_path: Path) -> None:
    first = start(tmp_path / "run", CYCLES="1")
    assert first.stdout is not None
    said: list[str] = []
    for each in first.stdout:
        said.append(each.rstrip())
        if re.search(r"due \d+  in flight", each) and not any("! postgres" in line for line in said):
            kill_postgres(tmp_path / "run")  # beat, workers, web and the table: all go on by themselves
            said.append("! postgres is killed by the test")
    assert first.wait(LONGEST) == 0, "\n".join(said)
    assert any("! postgres was ended by SIGKILL" in line for line in said), said
    found = re.fullmatch(r"settled=(\d+) failed=(\d+) parked=0 unknown=0 books=balanced", said[-1])
    assert found, "\n".join(said)
    assert int(found[1]) >= len(cast.HEALTHY) + 1
    assert int(found[2]) >= len(cast.UNLUCKY) - 1
    assert f"{len(cast.SUBSCRIBERS)} subscriptions made" in (tmp_path / "run/logs/demo.log").read_text()

    second = start(tmp_path / "run", CYCLES="999")
    assert second.stdout is not None
    fresh = ""
    for each in second.stdout:
        fresh = key_of(each) or fresh
        if f"settled {found[1]} " in each:
            break  # the second start shows what the first one settled, and goes on from there
    folder = tmp_path / "run"
    keys = (fresh, key_of("\n".join(said)))
    assert [answered(folder, key) for key in keys] == [200, 401], "each run has a key of its own"
    told = quickstart.read_along({"RUN_DIR": str(folder), "CB": web(folder), "KEY": fresh})
    for word in (
        "Idempotent-Replayed: true",
        "finished",
        "Paid: 5.000000 USDC moved",
        "not_due_yet",
        "colour",
    ):
        assert word in told, told
    assert flower(tmp_path / "run") == (401, 200)
    second.send_signal(signal.SIGINT)
    asked_at = time.monotonic()
    rest = second.stdout.read().splitlines()
    assert second.wait(60) == STOPPED
    took = time.monotonic() - asked_at
    has_air = os.getloadavg()[0] < 2 * (os.cpu_count() or 1)
    assert took < (STOP_SECONDS if has_air else 4 * STOP_SECONDS), f"Ctrl-C took {took:.1f} s"
    assert "stopped before" in rest[-1]
    if os.getloadavg()[0] < (os.cpu_count() or 1):  # on a machine with air every end is an orderly one
        assert not [line for line in rest if line.startswith("■")]
    assert (tmp_path / "run/logs/demo.log").read_text().strip().endswith("0 subscriptions made")


@pytest.mark.parametrize("given", ["abc", "-1", "0", "1.5"])
def test_a_wrong_number_of_cycles_is_refused_before_anything_starts(given: str) -> None:
    with pytest.raises(SystemExit, match="no whole number"):
        asked.wanted({"CYCLES": given})


def test_a_wrong_environment_is_told_whole_before_anything_is_started(tmp_path: Path) -> None:
    wrong = {"GRACE_PERIOD": "long", "LOG_FILE": "/nonexistent/x.log", "SOLANA_FEE_WALLET": "z" * 44}
    run = start(tmp_path / "run", **wrong)
    said, _ = run.communicate(timeout=LONGEST)
    assert run.returncode == 1
    lines = said.splitlines()
    assert lines[-4] == "✗ the environment is wrong:"
    assert sorted(line.split()[0] for line in lines[-3:]) == sorted(wrong)
    assert not [line for line in lines if line.startswith("✓")]


def test_every_fate_has_its_own_end() -> None:
    ends = {each.fate: each.ends for each in cast.UNLUCKY}
    assert ends == {
        "allowance": "allowance_too_small",
        "revoke": "delegate_revoked",
        "empty": "insufficient_funds",
        "freeze": "account_frozen",
        "late": "succeeded",
    }
