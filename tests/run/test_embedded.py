"""Embedded PostgreSQL and Valkey, started and stopped for real."""

import os
import socket
from pathlib import Path

import psycopg
import pytest

from sandbox.run import databases, identity, lock
from sandbox.run.embedded import embedded
from sandbox.run.errors import RunError
from sandbox.run.paths import Paths, run_paths
from sandbox.run.postgres import Postgres
from sandbox.run.supervisor import Supervisor
from tests.run.house import gone

FAST = {"fsync": "off"}
"""For tests that kill no server."""
PROMISED = {"fsync": "on", "synchronous_commit": "on", "max_connections": "200", "work_mem": "5MB"}
WRITE = "CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)"


def valkey(url: str, *words: str) -> str:
    """One answer of the server that a redis+socket URL names."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(url.removeprefix("redis+socket://").partition("?")[0])
        client.sendall(" ".join(words).encode() + b"\r\n")
        return client.recv(1000).decode()


def kept(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT n FROM kept").fetchone()
        assert row is not None
        return int(row[0])


def test_the_promises_of_production_hold_and_data_outlives_a_restart(paths: Paths) -> None:
    with embedded(paths.run_dir, settings={"work_mem": "5MB"}) as servers:
        with psycopg.connect(servers.database_url) as connection:
            connection.execute(WRITE)
            shown = {name: connection.execute(f"SHOW {name}").fetchone() for name in PROMISED}
        assert shown == {name: (value,) for name, value in PROMISED.items()}
        assert "noeviction" in valkey(servers.redis_url, "CONFIG", "GET", "maxmemory-policy")
        assert valkey(servers.redis_url, "SET", "name", "value") == "+OK\r\n"
        pids = {service.name: service.process.pid or 0 for service in servers.supervisor.services}
    assert gone(pids)
    with embedded(paths.run_dir) as servers:
        assert kept(servers.database_url) == 42
        assert "value" in valkey(servers.redis_url, "GET", "name")


def test_a_deep_folder_with_blanks_and_two_at_once(paths: Paths) -> None:
    deep = paths.run_dir / "a folder with blanks" / ("long" * 30)
    with embedded(deep, settings=FAST) as one, embedded(paths.run_dir / "other", settings=FAST) as two:
        assert len(os.fspath(deep)) > 107
        with psycopg.connect(one.database_url) as connection:
            connection.execute(WRITE)
        with psycopg.connect(two.database_url) as connection:
            tables = connection.execute("SELECT to_regclass('kept')").fetchone()
        assert tables == (None,)
        sockets = [one.paths.sockets, two.paths.sockets]
    for folder in sockets:
        assert not list(folder.glob("*.lock"))


def test_databases_are_copied_from_a_template_and_dropped(paths: Paths) -> None:
    with embedded(paths.run_dir, settings=FAST) as servers:
        template = databases.create(servers.database_url, "model")
        with psycopg.connect(template) as connection:
            connection.execute(WRITE)
        copy = databases.create(servers.database_url, "copy", template="model")
        assert kept(copy) == 42
        with psycopg.connect(copy):
            databases.drop(servers.database_url, "copy")
        databases.drop(servers.database_url, "copy")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(copy)


def test_given_urls_start_nothing(paths: Paths) -> None:
    given = {"DATABASE_URL": "postgresql://elsewhere/db", "REDIS_URL": "redis://elsewhere"}
    with embedded(paths.run_dir, environ=given) as servers:
        assert (servers.database_url, servers.redis_url) == tuple(given.values())
        assert servers.supervisor.services == []
    assert not (paths.run_dir / "postgres").exists()
    assert not (paths.run_dir / "valkey").exists()


def test_a_folder_in_use_is_refused_with_its_holder(paths: Paths) -> None:
    paths.make()
    with (
        lock.hold(paths),
        pytest.raises(RunError, match=f"in use by process {os.getpid()}"),
        embedded(paths.run_dir),
    ):
        pass


def test_fresh_forgets_the_data_and_keeps_the_secrets(paths: Paths) -> None:
    with embedded(paths.run_dir, settings=FAST) as servers:
        before = servers.values
        with psycopg.connect(servers.database_url) as connection:
            connection.execute(WRITE)
    with embedded(paths.run_dir, fresh=True, settings=FAST) as servers:
        assert servers.values == before
        with psycopg.connect(servers.database_url) as connection:
            assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_root_without_namespaces_runs_it_as_nobody(paths: Paths) -> None:
    paths.make()
    postgres = Postgres(paths, settings=FAST, identity=identity.as_nobody(paths))
    supervisor = Supervisor(lambda line: None)
    try:
        supervisor.start(postgres.service)
        postgres.ensure_database()
        with psycopg.connect(postgres.url()) as connection:
            connection.execute(WRITE)
        pid = postgres.service.process.pid
        assert Path(f"/proc/{pid}").stat().st_uid == identity.as_nobody(paths).user
    finally:
        supervisor.stop()
    assert kept_after_restart(Postgres(paths, settings=FAST, identity=identity.as_nobody(paths))) == 42


def kept_after_restart(postgres: Postgres) -> int:
    supervisor = Supervisor(lambda line: None)
    try:
        supervisor.start(postgres.service)
        return kept(postgres.url())
    finally:
        supervisor.stop()


def test_a_strangers_socket_folder_is_refused(paths: Paths) -> None:
    run_paths(paths.run_dir).sockets.mkdir(mode=0o777)
    paths.sockets.chmod(0o777)
    with pytest.raises(RunError, match="not a private folder"):
        paths.make()
