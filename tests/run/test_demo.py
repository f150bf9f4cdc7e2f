"""The main job as a user starts it: every healthy subscription renews, every unlucky one ends for its true reason."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sandbox.demo import asked, cast
from sandbox.demo.show import STOPPED
from sandbox.run import envfile
from sandbox.run.parts import ABANDONED, PARTS
from sandbox.run.paths import CHECKOUT
from tests.run import quickstart

KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
PORTS = {"WEB_PORT": "28000", "FLOWER_PORT": "25555", "SOLANA_PORT": "28899", "GATEWAYS_PORT": "28898"}
LONGEST = 280
RUNS: list[subprocess.Popen[str]] = []
STOP_SECONDS = 5  # what Ctrl-C may take where the machine has air: tests/run/test_supervisor.py adds it up


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


def operator(run_dir: Path) -> list[int]:
    """What the admin answers to a wrong password, and to the operator's of this run (302: come in)."""
    values = envfile.read(run_dir / "env")
    url = f"{web(run_dir).removesuffix('/api')}/admin/login/"
    asked = []
    for password in ("wrong", values["OPERATOR_PASSWORD"]):
        with requests.Session() as browser:
            browser.get(url, timeout=30)
            form = {"username": values["OPERATOR_USER"], "password": password,
                    "csrfmiddlewaretoken": browser.cookies["csrftoken"]}  # fmt: skip
            answer = browser.post(url, form, headers={"Referer": url}, allow_redirects=False, timeout=30)
            asked.append(answer.status_code)
    return asked


def kill_postgres(run_dir: Path) -> None:
    os.kill(int((run_dir / "pids/postgres").read_text().split()[0]), signal.SIGKILL)


TABLE = re.compile(r"due \d+  in flight \d+  settled (\d+) ")


def until_settled(run: subprocess.Popen[str], folder: Path) -> list[str]:
    """Kill the database as soon as the table is shown; what was said until a payment was settled after that."""
    assert run.stdout is not None
    said: list[str] = []
    killed = False
    for each in run.stdout:
        said.append(each.rstrip())
        shown = TABLE.search(each)
        if shown and not killed:
            kill_postgres(folder)  # beat, workers, web and the table: all go on by themselves
            killed = True
        elif shown and int(shown[1]):
            break
    assert any("! postgres was ended by SIGKILL" in line for line in said), "\n".join(said)
    return said


def seen(said: list[str]) -> list[int]:
    """How many payments were settled, line by line."""
    return [int(found[1]) for line in said if (found := TABLE.search(line))]


def stopped(run: subprocess.Popen[str], folder: Path) -> None:
    """Ctrl-C: what was to be reached was not, and every part had its orderly end or at least heard of it."""
    assert run.stdout is not None
    begun = {log.stem: log.stat().st_size for log in (folder / "logs").glob("*.log")}
    run.send_signal(signal.SIGINT)
    rest = run.stdout.read().splitlines()
    assert run.wait(4 * STOP_SECONDS) == STOPPED
    assert "stopped before" in rest[-1]
    # A busy machine may leave a worker no time for its end, nor beat, which stores its timetable and says nothing of
    # its end, nor Flower, which keeps nothing, nor the outside world, which has written down all that it said;
    # nobody else is ever cut short.
    cut = {line.split()[1] for line in rest if line.startswith("■")} - {
        "beat",
        "flower",
        "localnet",
        "gateways",
    }
    assert cut <= {part.name for part in PARTS if part.death_signal is ABANDONED}, rest
    for name in cut:
        ending = (folder / f"logs/{name}.log").read_bytes()[begun[name] :].decode()
        assert "shutdown" in ending.lower(), ending


def test_a_run_across_a_killed_database_is_stopped_and_the_next_one_reaches_its_cycle(tmp_path: Path) -> None:
    """What the first one left is in the second's verdict: every payment ever, on the chain and in the books."""
    folder = tmp_path / "run"
    first = start(folder, CYCLES="999")
    said = until_settled(first, folder)
    assert f"{len(cast.SUBSCRIBERS)} subscriptions made" in (folder / "logs/demo.log").read_text()
    key = key_of("\n".join(said))
    assert (answered(folder, key), answered(folder, key[:-1])) == (200, 401)
    told = quickstart.read_along({"RUN_DIR": str(folder), "CB": web(folder), "KEY": key})
    for word in (
        "Idempotent-Replayed: true",
        "finished",
        "Paid: 5.000000 USDC moved",
        "colour",
    ):
        assert word in told, told
    # On a busy machine its next period has come meanwhile.
    assert "not_due_yet" in told or "payment_under_way" in told, told
    assert flower(folder) == (401, 200)
    assert operator(folder) == [200, 302]
    stopped(first, folder)

    second = start(folder, CYCLES="1")
    assert second.stdout is not None
    again: list[str] = []
    old_key = None
    for each in second.stdout:
        again.append(each.rstrip())
        if old_key is None and TABLE.search(each):
            old_key = answered(folder, key)
    assert second.wait(LONGEST) == 0, "\n".join(again)
    assert old_key == 401, "each run has a key of its own"
    assert seen(again)[0] >= seen(said)[-1] > 0, "the second start goes on from what the first one settled"
    counts = re.fullmatch(r"settled=(\d+) failed=(\d+) parked=0 unknown=0 books=balanced", again[-1])
    assert counts, "\n".join(again)
    assert int(counts[1]) >= seen(said)[-1] + len(cast.HEALTHY) + 1
    assert int(counts[2]) >= len(cast.UNLUCKY) - 1
    assert (folder / "logs/demo.log").read_text().strip().endswith("0 subscriptions made")


@pytest.mark.parametrize("given", ["abc", "-1", "0", "1.5"])
def test_a_wrong_number_of_cycles_is_refused_before_anything_starts(given: str) -> None:
    with pytest.raises(SystemExit, match="no whole number"):
        asked.wanted({"CYCLES": given})


def test_a_wrong_environment_is_told_whole_before_anything_is_started(tmp_path: Path) -> None:
    wrong = {"GRACE_PERIOD": "long", "LOG_FILE": "/nonexistent/x.log", "SOLANA_COMMITMENT": "soon"}
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
        "hard_decline": "stolen_card",
        "insufficient_funds": "insufficient_funds",
        "allowance": "allowance_too_small",
        "revoke": "delegate_revoked",
        "empty": "insufficient_funds",
        "freeze": "account_frozen",
        "late": "succeeded",
    }
