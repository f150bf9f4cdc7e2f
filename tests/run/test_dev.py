"""`make dev`: a change of code starts the parts that run it again, and nothing else."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest
from watchfiles import Change

from sandbox.run import dev
from sandbox.run.parts import PARTS
from sandbox.run.paths import Paths
from tests.run.house import House, gone, until

GIVEN = {"DATABASE_URL": "postgresql://elsewhere/db", "REDIS_URL": "redis://elsewhere"}


@pytest.fixture
def watching(house: Callable[..., House]) -> House:
    """Toy parts of which `one` and `deaf` (which hears no SIGTERM) are reloaded and `two` is not."""
    run = house("watching", **GIVEN)
    run.see("all up")
    time.sleep(0.5)  # the watcher begins in a thread of its own
    return run


def test_a_change_of_code_starts_its_parts_again_and_no_other(watching: House, paths: Paths) -> None:
    before = watching.pids()
    (paths.run_dir / "code" / "charge.py").write_text("changed\n")
    assert "charge.py: one, deaf start again" in watching.see("↻")
    until(lambda: sum(line.startswith("✓ one") for line in watching.lines) == 2, "one is ready again")
    until(lambda: sum(line.startswith("✓ deaf") for line in watching.lines) == 2, "deaf was killed for it")
    after = watching.pids()
    assert after["one"] != before["one"] and after["deaf"] != before["deaf"]
    assert after["two"] == before["two"]
    assert not [line for line in watching.lines if line.startswith("! ")], "a reload is no crash"
    _stop(watching)
    assert gone(before) and gone(after)


def test_a_crashed_part_starts_at_once_when_its_code_is_mended(watching: House, paths: Paths) -> None:
    pid = watching.pids()["one"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: watching.pids().get("one", pid) != pid, "one is started again")
    pid = watching.pids()["one"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: any("again in 600 s" in line for line in watching.lines), "it waits longer each time")
    (paths.run_dir / "code" / "mended.sql").write_text("SELECT 1\n")
    until(lambda: watching.pids().get("one", pid) != pid, "one is started again")
    _stop(watching)


def test_only_code_counts() -> None:
    for name in ("a/send.py", "a/sql/take.sql", "a/templates/page.html"):
        assert dev.counts(Change.modified, name), name
    for name in (
        "a/notes.txt",
        "a/send.pyc",
        "a/__pycache__/send.py",
        "a/.send.py",
        "a/#send.py",
        "a/send.py~",
    ):
        assert not dev.counts(Change.modified, name), name


def test_every_part_that_runs_the_product_is_reloaded() -> None:
    stays = {part.name for part in PARTS if not part.once}
    assert stays - set(dev.RELOADED) == {"localnet", "gateways", "flower"}
    assert set(dev.RELOADED) <= stays
    assert dev.watched(), "no folder is watched"


def _stop(watching: House) -> None:
    """Twice, as nobody wants to wait for the deaf one."""
    watching.child.send_signal(signal.SIGINT)
    watching.see("stopping")
    assert watching.stop() == 0
