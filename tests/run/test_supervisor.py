"""The order of start and stop, crashes, signals, and the lines that tell of them."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from threading import Event

import pytest

from sandbox.run import envfile, ports, postgres, supervisor
from sandbox.run.context import Ticker
from sandbox.run.parts import PARTS
from sandbox.run.paths import Paths
from sandbox.run.ports import HOST
from sandbox.run.process import Command, Process, Service
from tests.run.house import House, gone, some_port, until

GIVEN = {"DATABASE_URL": "postgresql://elsewhere/db", "REDIS_URL": "redis://elsewhere"}
"""Spares the scenes that need no server the time to start one."""
LAST = "the last word"  # said when everything has ended


def names(house: House, mark: str) -> list[str]:
    return [line.split()[1] for line in house.lines if line.startswith(mark)]


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_ends_all_in_reverse_order(
    house: Callable[..., House], paths: Paths, sig: signal.Signals
) -> None:
    run = house(**GIVEN)
    run.see("all up")
    pids = run.pids()
    assert set(pids) == {"web", "one", "two"}
    assert run.stop(sig) == 0
    assert names(run, "✓")[0] == "setup"
    assert names(run, "✓")[-1] == "two"
    assert (paths.run_dir / "order").read_text().split() == ["two", "one"]
    assert run.lines[-1] == LAST
    assert gone(pids)
    assert not list(paths.pids.iterdir())


def test_a_deaf_child_is_asked_and_then_killed(house: Callable[..., House], paths: Paths) -> None:
    run = house("stubborn", **GIVEN)
    run.see("all up")
    pids = run.pids()
    assert run.stop() == 0
    assert (paths.run_dir / "order").read_text() == "deaf\n"
    assert run.lines[-2:] == ["■ deaf had to be killed", LAST]
    assert gone(pids)


@pytest.mark.parametrize("scene", ["plain", "slow"])
def test_a_run_that_was_to_reach_something_does_not_end_with_0_when_it_is_stopped(
    house: Callable[..., House], scene: str
) -> None:
    """While it starts and while it runs."""
    run = house(scene, **GIVEN, STOPPED="130")
    if scene == "slow":
        until(lambda: run.paths.pids.exists() and "never" in run.pids(), "the slow part is starting")
    else:
        run.see("all up")
    assert run.stop() == 130


def test_nobody_reading_any_more_is_an_orderly_stop(house: Callable[..., House], paths: Paths) -> None:
    run = house("ticking", **GIVEN, PIPE="broken")
    assert run.wait() == 7, "who took over saw that it is time to stop"
    assert (paths.run_dir / "order").read_text() == "one\n", "it was asked to end"
    assert not list(paths.pids.iterdir())
    assert "Traceback" not in "\n".join(run.lines)


def test_a_stop_takes_less_than_five_seconds() -> None:
    """The spans that a stop may use, one after the other. What is killed then is gone at once."""
    spans = (Ticker.STOP_SECONDS, supervisor.HOLD_SECONDS, supervisor.STOP_SECONDS, supervisor.LEAVE_SECONDS)
    assert sum(spans) <= 4.8, "the interpreter's own end has the rest"
    later = [postgres.STOP_SECONDS, Service.stop_seconds, Service.stop_seconds]  # postgres, valkey, localnet
    assert supervisor.STOP_SECONDS - sum(later) > 2.6, "workers end what they began"


def test_a_mend_that_is_under_way_does_not_hold_up_the_stop(paths: Paths) -> None:
    """A server that ended is being mended in the keeper's thread; it is not started after the stop."""
    paths.make()
    mending, mended, waited_for = Event(), Event(), Event()

    def prepare() -> None:
        if process.pid is not None:
            mending.set()
            if not mended.wait(10):
                waited_for.set()

    command = Command((sys.executable, "-c", "input()"), {}, paths.run_dir)
    process = Process("toy", command, paths)
    house = supervisor.Supervisor(lambda line: None)
    house.start(Service(process, lambda process: True, prepare))
    house.keep()
    assert mending.wait(20), "stdin is empty: it ends by itself"
    house.stop()
    first = process.pid
    mended.set()
    time.sleep(0.5)
    assert not waited_for.is_set()
    assert process.pid == first and not process.alive()


def test_a_second_signal_kills_at_once(house: Callable[..., House]) -> None:
    run = house("stubborn", **GIVEN)
    run.see("all up")
    run.child.send_signal(signal.SIGINT)
    run.see("stopping")
    assert run.stop() == 0
    assert "■ deaf had to be killed" in run.lines


def test_a_crashed_part_is_started_again(house: Callable[..., House]) -> None:
    run = house(**GIVEN)
    run.see("all up")
    before = run.pids()
    os.kill(before["one"], signal.SIGKILL)
    assert "was ended by SIGKILL" in run.see("! one")
    until(lambda: run.pids()["one"] != before["one"], "one is started again")
    after = run.pids()
    assert {**after, "one": 0} == {**before, "one": 0}
    assert run.stop() == 0
    assert gone(after)


def test_a_part_that_fails_at_start_shows_its_log_and_stops_the_rest(
    house: Callable[..., House], paths: Paths
) -> None:
    run = house("failing", **GIVEN)
    assert run.wait() == 1
    assert "exit code 1" in run.see("✗ broken")
    assert "no_such_module" in run.see("broken | ")
    assert (paths.run_dir / "order").read_text() == "fine\n"
    assert not list(paths.pids.iterdir())


def test_a_stop_during_the_start_is_heard(house: Callable[..., House]) -> None:
    run = house("slow", **GIVEN)
    until(lambda: run.paths.pids.exists() and "never" in run.pids(), "the slow part is starting")
    pids = run.pids()
    assert run.stop() == 0
    assert gone(pids)


def test_a_second_start_is_refused_and_names_the_first(house: Callable[..., House]) -> None:
    first = house("ticking", **GIVEN)
    first.see("all up")
    second = house("ticking", **GIVEN)
    assert second.wait() == 1
    assert f"in use by process {first.child.pid}" in second.see("✗")
    assert not gone(first.pids())
    assert first.stop() == 0


def test_a_failing_hook_does_not_hold_up_the_others(house: Callable[..., House]) -> None:
    run = house("ticking", **GIVEN)
    run.see("all up")
    until(lambda: run.lines.count("tick") > 1, "it ticks twice")
    assert run.stop() == 0
    assert sum("a hook that fails" in line for line in run.lines) == 1


def test_a_taken_port_is_named_and_the_next_free_one_used(house: Callable[..., House]) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = house(**GIVEN, WEB_PORT=str(port))
        used = int(run.see("all up").split()[-1])
        assert used > port
        assert f"port {port} is taken, using {used}" in run.see("WEB_PORT")
        assert run.stop() == 0


def test_a_port_that_is_none_is_refused_by_name(house: Callable[..., House]) -> None:
    run = house(**GIVEN, FLOWER_PORT="many")
    assert run.wait() == 1
    run.see("✗ FLOWER_PORT=many is not a port")


def test_each_port_is_the_one_that_was_asked_for(house: Callable[..., House], paths: Paths) -> None:
    asked = {name: str(some_port()) for name in ports.DEFAULTS}
    run = house("ticking", **GIVEN, **asked)
    run.see("all up")
    kept = envfile.read(paths.env)
    assert {name: kept[name] for name in asked} == asked
    assert kept["SOLANA_RPC_URL"] == f"http://{HOST}:{asked['SOLANA_PORT']}"
    assert kept["FLOWER_URL"] == f"http://{HOST}:{asked['FLOWER_PORT']}"
    assert run.stop() == 0


def test_a_part_that_stands_elsewhere_is_not_started(house: Callable[..., House]) -> None:
    run = house("given", **GIVEN, ELSEWHERE="http://elsewhere")
    run.see("all up")
    assert set(run.pids()) == {"one"}
    assert run.stop() == 0
    (localnet,) = (part for part in PARTS if part.given)
    assert (localnet.name, localnet.given) == ("localnet", "SOLANA_RPC_URL")


def test_what_the_shell_has_set_beside_the_demo_is_told_and_no_key_of_it_is_used(
    house: Callable[..., House], paths: Paths
) -> None:
    theirs = {"SOLANA_COLLECTOR_KEYS": "1:hush", "GRACE_PERIOD": "3600", "TICK_SECONDS": "1"}
    run = house("ticking", **GIVEN, **theirs)
    run.see("all up")
    told = [line for line in run.lines if line.startswith("! ") and "port" not in line]
    assert told == [
        "! GRACE_PERIOD=3600 is set; the demo's own is 8, CYCLES reckons with that",
        "! SOLANA_COLLECTOR_KEYS is set and not used: the demo has its own",
    ]
    kept = envfile.read(paths.env)
    assert kept["SOLANA_COLLECTOR_KEYS"] == f"1:{kept['DEMO_COLLECTOR']}"
    assert kept["GRACE_PERIOD"] == "3600"
    assert run.stop() == 0
