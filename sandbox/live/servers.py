"""The servers that houses stand on: those of `make test`, or embedded ones; shared or of one's own."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

from sandbox.run import databases, envfile
from sandbox.run.embedded import embedded
from sandbox.run.identity import nobodys_folder
from sandbox.run.paths import CHECKOUT, Paths, run_paths
from sandbox.run.postgres import Postgres
from sandbox.run.process import Service
from sandbox.run.supervisor import Supervisor
from sandbox.run.valkey import DATABASES, Valkey

FIRST_NUMBER = 8
"""Queue databases below are left to the demo and to tests that choose one by hand."""


@dataclass
class Servers:
    """Addresses, secrets, and the processes where they are ours to hurt."""

    database_url: str
    redis_url: str
    secrets: dict[str, str]
    owned: dict[str, Service] = field(default_factory=dict)
    supervisor: Supervisor | None = None

    def kill(self, name: str) -> None:
        """SIGKILL for "postgres" or "valkey" of our own; returns when it is gone."""
        self.owned[name].process.kill()
        while self.owned[name].process.alive():
            pass

    def signal(self, name: str, number: signal.Signals) -> None:
        """A signal for a server of our own, such as SIGSTOP."""
        pid = self.owned[name].process.pid
        assert pid is not None
        os.kill(pid, number)

    def start_again(self, name: str) -> None:
        """Start a killed server on what it left; returns when it serves."""
        assert self.supervisor is not None
        self.supervisor.start(self.owned[name])


def given() -> Servers:
    """The servers that the environment names, as under `make test`. Raises KeyError where it names none."""
    secrets = envfile.lasting_secrets(os.environ)
    return Servers(os.environ["DATABASE_URL"], os.environ["REDIS_URL"], secrets)


@contextmanager
def shared(run_dir: str = ".run-prove") -> Iterator[Servers]:
    """The servers of DATABASE_URL and REDIS_URL, embedded ones under `run_dir` where they are not set."""
    with embedded(run_dir) as found:
        keys = {key: found.values[key] for key in ("SECRET_KEY", "FIELD_KEYS")}
        yield Servers(found.database_url, found.redis_url, keys)


@contextmanager
def own() -> Iterator[Servers]:
    """A PostgreSQL and a Valkey that may be killed, frozen and restarted."""
    folder = Path(tempfile.mkdtemp(prefix="cb-own-"))
    paths = run_paths(folder)
    paths.make()
    supervisor = Supervisor(lambda line: None)
    try:
        yield _start(paths, supervisor)
    finally:
        supervisor.stop()
        for each in (folder, paths.sockets, nobodys_folder(paths)):
            shutil.rmtree(each, ignore_errors=True)


def _start(paths: Paths, supervisor: Supervisor) -> Servers:
    postgres, valkey = Postgres(paths), Valkey(paths)
    supervisor.start(postgres.service, valkey.service)
    owned = {"postgres": postgres.service, "valkey": valkey.service}
    return Servers(postgres.url(), valkey.url(), envfile.lasting_secrets({}), owned, supervisor)


def template(servers: Servers, environ: dict[str, str]) -> str:
    """The name of a migrated database on these servers, made once per state of the migrations."""
    name = f"cb_live_{_migrations()}"
    with psycopg.connect(databases.named(servers.database_url, "postgres"), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return name
        building = f"{name}_new"
        databases.drop(servers.database_url, building)
        url = databases.create(servers.database_url, building)
        done = subprocess.run(
            (sys.executable, "manage.py", "migrate", "--noinput", "-v", "0"),
            cwd=CHECKOUT, env={**environ, "DATABASE_URL": url}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"migrate failed: {done.stdout}{done.stderr}")
        connection.execute(f"ALTER DATABASE {building} RENAME TO {name}")
    return name


def _migrations() -> str:
    digest = hashlib.sha256()
    for room in ("billing", "engine", "ops", "payments"):
        for file in sorted((CHECKOUT / room).rglob("migrations/*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def database(servers: Servers, environ: dict[str, str]) -> Iterator[str]:
    """A migrated database of one's own; its URL. Dropped at the end."""
    name = f"cb_house_{uuid.uuid4().hex[:12]}"
    url = databases.create(servers.database_url, name, template=template(servers, environ))
    try:
        yield url
    finally:
        with suppress(psycopg.OperationalError):
            databases.drop(servers.database_url, name)


@contextmanager
def queue(servers: Servers) -> Iterator[str]:
    """An empty queue database that no other house uses; its URL. Emptied at the end."""
    register = connect(numbered(servers.redis_url, DATABASES - 1))
    mark = f"{os.getpid()}"
    free = (n for n in range(FIRST_NUMBER, DATABASES - 1) if _take(register, n, mark))
    number = next(free, None)
    if number is None:
        raise RuntimeError("every queue database is taken by a house")
    url = numbered(servers.redis_url, number)
    try:
        connect(url).flushdb()
        yield url
    finally:
        with suppress(redis.RedisError):
            connect(url).flushdb()
            register.delete(f"house:{number}")


def _take(register: redis.Redis, number: int, mark: str) -> bool:
    key = f"house:{number}"
    holder = register.get(key)
    if holder and not Path(f"/proc/{bytes(holder).decode()}").exists():  # type: ignore[arg-type]
        register.delete(key)
    return bool(register.set(key, mark, nx=True))


def numbered(url: str, number: int) -> str:
    """The same server's database `number`."""
    if url.startswith("redis+socket://"):
        return f"{url.partition('?')[0]}?virtual_host={number}"
    return urlunsplit(urlsplit(url)._replace(path=f"/{number}"))


def connect(url: str) -> redis.Redis:
    """A client of a queue database."""
    from engine.core import wake

    return wake.connect(url)
