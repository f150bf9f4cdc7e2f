"""What a SIGKILL leaves behind, and that the next start mends it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from sandbox.run import envfile, leftovers, proc
from sandbox.run.embedded import embedded
from sandbox.run.paths import Paths
from tests.run.house import House, gone, some_port, until
from tests.run.test_embedded import WRITE, kept
from tests.run.test_supervisor import GIVEN, names


def test_servers_come_first_end_with_a_killed_supervisor_and_the_next_start_goes_on(
    house: Callable[..., House], paths: Paths
) -> None:
    first = house()
    first.see("all up")
    assert names(first, "✓")[:3] == ["postgres", "valkey", "setup"]
    assert all(line.endswith(" ms") for line in first.lines if line.startswith("✓"))
    pids = first.pids()
    assert {"postgres", "valkey", "web", "one", "two"} <= pids.keys()
    with psycopg.connect(_url(paths)) as connection:
        connection.execute(WRITE)
    assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: gone(pids), "all children have ended")
    second = house()
    second.see("all up")
    assert kept(_url(paths)) == 42
    assert second.stop() == 0


def test_a_deaf_child_ends_with_a_killed_supervisor_by_its_death_signal(house: Callable[..., House]) -> None:
    run = house("abandoned", **GIVEN)
    run.see("all up")
    pids = run.pids()
    assert run.stop(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: gone(pids), "the deaf child has ended")


def test_a_workers_pool_ends_with_a_killed_supervisor(house: Callable[..., House]) -> None:
    """Its processes are children of a child: nobody ties these to the supervisor."""
    run = house("worker")
    run.see("all up")
    pids = run.pids()
    worker = pids["money-1"]
    until(lambda: proc.children(worker), "the pool has begun")
    pids |= {f"pool {pid}": pid for pid in proc.children(worker)}
    assert run.stop(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: gone(pids), "the worker and its pool have ended")


def test_a_killed_server_and_a_reused_pid_in_its_file_are_mended(paths: Paths) -> None:
    with embedded(paths.run_dir) as servers:
        with psycopg.connect(servers.database_url) as connection:
            connection.execute(WRITE)
        for service in servers.supervisor.services:
            service.process.kill()
            until(lambda service=service: not service.process.alive(), "it is dead")
    stale = paths.run_dir / "postgres" / "postmaster.pid"
    lines = stale.read_text().splitlines()
    stranger = subprocess.Popen(("sleep", "60"))
    try:
        # PostgreSQL itself would take the stranger for a living server and refuse to start.
        stale.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        with embedded(paths.run_dir) as servers:
            assert kept(servers.database_url) == 42
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="an orphan in a namespace is root's case")
def test_a_living_orphan_server_is_ended_first(paths: Paths) -> None:
    with embedded(paths.run_dir) as servers:
        with psycopg.connect(servers.database_url) as connection:
            connection.execute(WRITE)
        postgres = servers.supervisor.services[0]
        command = postgres.process.command
    paths.make()  # an embedded run takes its empty socket folder away
    orphan = subprocess.Popen(command.argv, env=dict(command.env), stderr=subprocess.DEVNULL)
    until(lambda: (paths.sockets / ".s.PGSQL.5432").exists(), "the orphan serves")
    with embedded(paths.run_dir) as servers:
        assert orphan.wait(10) is not None
        assert kept(servers.database_url) == 42


def test_leftovers_end_only_what_the_pid_file_means(paths: Paths) -> None:
    paths.make()
    stranger = subprocess.Popen(("sleep", "60"))
    try:
        # The same pid with another start time: somebody else got the number.
        (paths.pids / "web").write_text(f"{stranger.pid} 1 {int(signal.SIGTERM)}\n")
        (paths.pids / "broken").write_text("")
        assert leftovers.end(paths) == []
        assert stranger.poll() is None
        assert not list(paths.pids.iterdir())
    finally:
        stranger.kill()
        stranger.wait()


def test_a_killed_make_takes_the_run_with_it(paths: Paths, tmp_path: Path) -> None:
    makefile = tmp_path / "Makefile"
    makefile.write_text(f"run:\n\t@exec {sys.executable} -m tests.run.toy plain\n")
    environ = {**os.environ, "RUN_DIR": str(paths.run_dir), "WEB_PORT": str(some_port())}
    with (tmp_path / "out").open("w") as out:
        make = subprocess.Popen(("make", "-f", makefile, "run"), env=environ, stdout=out, stderr=out)
    try:
        until(lambda: "all up" in (tmp_path / "out").read_text(), "all is up")
        pids = {file.name: int(file.read_text().split()[0]) for file in paths.pids.iterdir()}
        pids["supervisor"] = int(paths.lock.read_text())
    finally:
        make.kill()
        make.wait()
    until(lambda: gone(pids), "all children have ended")


def _url(paths: Paths) -> str:
    return envfile.read(paths.env)["DATABASE_URL"]
