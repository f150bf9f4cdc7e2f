"""Embedded PostgreSQL: a cluster under RUN_DIR, a server that listens on a private socket only."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from urllib.parse import quote

from sandbox.run import proc
from sandbox.run.errors import RunError
from sandbox.run.identity import Identity, choose
from sandbox.run.paths import Paths
from sandbox.run.process import Command, Process, Service

ROLE = "clearbeat"
DATABASE = "clearbeat"
SETTINGS = {
    # The demo and the benchmark must promise what production does.
    "fsync": "on",
    "synchronous_commit": "on",
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    # Short statements: compiling them costs more than it brings.
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%d ",
}
ORPHAN_SECONDS = 5.0
STOP_SECONDS = 1.0
"""A checkpoint is written at the end: killed before it, the next start replays the log instead."""


class Postgres:
    """The server of one run. `service` is what a supervisor starts; `url()` is what clients use."""

    def __init__(
        self,
        paths: Paths,
        *,
        settings: Mapping[str, str] | None = None,
        identity: Identity | None = None,
    ) -> None:
        self.identity = identity or choose(paths)
        options = {**SETTINGS, **(settings or {}), "unix_socket_directories": str(self.identity.sockets)}
        command = Command(
            argv=(*self._program("postgres"), "-D", str(self.identity.data), *_flags(options)),
            env=_clean_environment(),
            cwd=self.identity.binaries,
            # Fast shutdown: clients are cut off, the checkpoint is written.
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            user=self.identity.user,
        )
        # Who gives up durability for speed (tests) does not wait for the new cluster to reach the disk.
        self._sync = () if options["fsync"] == "on" else ("--no-sync",)
        process = Process("postgres", command, paths)
        self.service = Service(process, self._ready, self._prepare, stop_seconds=STOP_SECONDS)

    def url(self, database: str = DATABASE) -> str:
        """The address of a database for psycopg and `DATABASE_URL`."""
        return f"postgresql://{ROLE}@/{database}?host={quote(str(self.identity.sockets), safe='/')}"

    def ensure_database(self) -> None:
        """Create the database of `url()` unless it is there; the server must be ready. Raises RunError."""
        # The wheel's own program: importing a driver for one statement costs every start 300 ms.
        done = self._client("createdb", DATABASE)
        if done.returncode and "already exists" not in done.stderr:
            raise RunError(f"createdb failed: {done.stderr.strip()}")

    def _client(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        argv = (str(self.identity.binaries / name), "-h", str(self.identity.sockets), "-U", ROLE, *words)
        return subprocess.run(argv, env=_clean_environment(), capture_output=True, text=True, check=False)

    def _program(self, name: str) -> tuple[str, ...]:
        return (*self.identity.prefix, str(self.identity.binaries / name))

    def _prepare(self) -> None:
        if (self.identity.data / "PG_VERSION").exists():
            self._mend()
        else:
            self._initialize()
        self._check_owner()

    def _initialize(self) -> None:
        """Make the cluster beside its place and rename it: a broken-off initdb leaves nothing that counts."""
        fresh = self.identity.data.with_name("postgres.new")
        if fresh.exists():
            shutil.rmtree(fresh)
        done = subprocess.run(
            (
                *self._program("initdb"),
                *("-D", str(fresh), "-U", ROLE, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"),
                *self._sync,
            ),
            env=_clean_environment(),
            cwd=self.identity.binaries,
            user=self.identity.user,
            group=self.identity.user,
            extra_groups=None if self.identity.user is None else (),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RunError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")
        fresh.rename(self.identity.data)

    def _mend(self) -> None:
        """End servers a killed supervisor left on this folder, then drop the files that name them.

        PostgreSQL itself only asks whether the pid in its file lives, and is fooled by a zombie and by
        another process that got the number.
        """
        data = self.identity.data
        stale = data / "postmaster.pid"
        living = proc.working_in(data, "postgres")
        if stale.exists():
            postmaster = stale.read_text().split("\n", 1)[0].strip()
            if postmaster.isdigit() and int(postmaster) in living:
                proc.end([int(postmaster)], signal.SIGINT, ORPHAN_SECONDS)
                living = proc.working_in(data, "postgres")
        proc.end(living, signal.SIGQUIT, ORPHAN_SECONDS)
        stale.unlink(missing_ok=True)
        for socket in self.identity.sockets.glob(".s.PGSQL.*"):
            socket.unlink()

    def _check_owner(self) -> None:
        owner = self.identity.data.stat().st_uid
        expected = os.geteuid() if self.identity.user is None else self.identity.user
        if owner != expected:
            raise RunError(
                f"{self.identity.data} belongs to uid {owner}: run as that user or set another RUN_DIR"
            )

    def _ready(self, process: Process) -> bool:
        """Our own child lives and answers: an answer alone could be another server's."""
        if not process.alive() or not (self.identity.sockets / ".s.PGSQL.5432").exists():
            return False
        return self._client("pg_isready", "-d", "postgres").returncode == 0 and process.alive()


def _flags(options: Mapping[str, str]) -> list[str]:
    return [flag for key, value in options.items() for flag in ("-c", f"{key}={value}")]


def _clean_environment() -> dict[str, str]:
    """Ours without PG*: a PGDATA or PGOPTIONS of the user's shell means another server."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C.UTF-8"}
