"""The main job as a user starts it: every healthy subscription renews, every unlucky one ends for its true reason."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from sandbox.demo import asked, cast
from sandbox.run.paths import CHECKOUT

KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
PORTS = {"WEB_PORT": "28000", "FLOWER_PORT": "25555", "SOLANA_PORT": "28899"}
LONGEST = 280


def start(run_dir: Path, **environ: str) -> subprocess.Popen[str]:
    """`make run` without make: servers, workers and localnet of its own in `run_dir`."""
    env = {name: os.environ[name] for name in KEPT if name in os.environ}
    env |= {"RUN_DIR": str(run_dir), **PORTS, **environ}
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox.run"], cwd=CHECKOUT, env=env, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def key_of(said: str) -> str:
    found = re.search(r"API key +(cb_test_\S+)", said)
    return found[1] if found else ""


def answered(key: str) -> int:
    url = f"http://127.0.0.1:{PORTS['WEB_PORT']}/api/keys"
    headers = {"Authorization": f"Bearer {key}"}
    return requests.get(url, headers=headers, timeout=10).status_code


def test_one_cycle_then_a_second_start_that_is_stopped(tmp_path: Path) -> None:
    first = start(tmp_path / "run", CYCLES="1")
    said, _ = first.communicate(timeout=LONGEST)
    last = said.splitlines()
    line = next(each for each in reversed(last) if each.startswith("settled="))
    assert first.returncode == 0, said
    found = re.fullmatch(r"settled=(\d+) failed=(\d+) parked=0 unknown=0 books=balanced", line)
    assert found, said
    assert int(found[1]) >= len(cast.HEALTHY) + 1
    assert int(found[2]) >= len(cast.UNLUCKY) - 1
    assert f"{len(cast.SUBSCRIBERS)} subscriptions made" in (tmp_path / "run/logs/demo.log").read_text()

    second = start(tmp_path / "run")
    assert second.stdout is not None
    fresh = ""
    for each in second.stdout:
        fresh = key_of(each) or fresh
        if f"settled {found[1]} " in each:
            break  # the second start shows what the first one settled, and goes on from there
    assert (answered(fresh), answered(key_of(said))) == (200, 401), "each run has a key of its own"
    second.send_signal(signal.SIGINT)
    assert second.wait(60) == 0
    assert (tmp_path / "run/logs/demo.log").read_text().strip().endswith("0 subscriptions made")


def test_a_run_that_is_stopped_before_its_goal_says_so(tmp_path: Path) -> None:
    run = start(tmp_path / "run", CYCLES="999")
    assert run.stdout is not None
    for line in run.stdout:
        if "settled" in line:
            break
    run.send_signal(signal.SIGINT)
    rest = run.stdout.read()
    assert run.wait(60) == 1
    assert "stopped before" in rest


@pytest.mark.parametrize("given", ["abc", "-1", "0", "1.5"])
def test_a_wrong_number_of_cycles_is_refused_before_anything_starts(given: str) -> None:
    with pytest.raises(SystemExit, match="no whole number"):
        asked.wanted({"CYCLES": given})


def test_every_fate_has_its_own_end() -> None:
    ends = {each.fate: each.ends for each in cast.UNLUCKY}
    assert ends == {
        "allowance": "allowance_too_small",
        "revoke": "delegate_revoked",
        "empty": "insufficient_funds",
        "freeze": "account_frozen",
        "late": "succeeded",
    }
