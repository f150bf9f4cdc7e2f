"""The servers of a run, a migrated template, and one database per measurement."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import machine
from sandbox.run import databases
from sandbox.run.embedded import Embedded, embedded
from sandbox.run.paths import CHECKOUT

RUN_DIR = ".run-bench"
POSTGRES = {"shared_buffers": "1GB", "max_wal_size": "8GB", "maintenance_work_mem": "512MB"}
SETTINGS = {
    "SANDBOX_PROVIDERS": "instant=benchmarks.instant.Instant",
    "LANE_THREADS": "256",
    "PAYMENT_BATCH_SIZE": "500",
    "PAYMENT_SCHEDULER_ENABLED": "false",
    "LOG_LEVEL": "WARNING",
    "SOFT_SHUTDOWN_SECONDS": "1",
}


class House:
    """Running servers with a migrated database to copy."""

    def __init__(self, servers: Embedded) -> None:
        self._servers = servers
        self._count = 0
        self.database_url = servers.database_url
        self.redis_url = servers.redis_url

    def prepare(self) -> None:
        """Migrate the database that measurements are copied from."""
        command = [sys.executable, "-m", "benchmarks.template"]
        environ = self._environ(self.database_url)
        subprocess.run(command, cwd=CHECKOUT, env=environ, stdout=subprocess.DEVNULL, check=True)

    def facts(self) -> dict[str, str]:
        """The machine and its servers."""
        return machine.facts(self.database_url, self.redis_url)

    def measure(self, name: str, size: dict[str, Any]) -> dict[str, Any]:
        """Run one measurement on a fresh copy of the database; its figures."""
        self._count += 1
        database = f"bench_{os.getpid()}_{self._count}"
        template = self.database_url.partition("?")[0].rpartition("/")[2]
        url = databases.create(self.database_url, database, template=template)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "figures"
            command = [sys.executable, "-m", "benchmarks.child", name, str(out)]
            try:
                subprocess.run(
                    command,
                    cwd=CHECKOUT,
                    env=self._environ(url),
                    input=json.dumps(size),
                    text=True,
                    check=True,
                )
            finally:
                databases.drop(self.database_url, database)
            found: dict[str, Any] = json.loads(out.read_text())
            return found

    def _environ(self, url: str) -> dict[str, str]:
        return {
            **os.environ,
            **self._servers.values,
            **SETTINGS,
            "DATABASE_URL": url,
            "REDIS_URL": self.redis_url,
        }


@contextmanager
def house(settings: Mapping[str, str] | None = None) -> Iterator[House]:
    """Servers under TEST_RUN_DIR, or those that DATABASE_URL and REDIS_URL name; `settings` are PostgreSQL's.

    Never under RUN_DIR, which may be a run that somebody keeps: this folder is emptied first.
    """
    settings = {**POSTGRES, **(settings or {})}
    with embedded(os.environ.get("TEST_RUN_DIR") or RUN_DIR, fresh=True, settings=settings) as servers:
        made = House(servers)
        made.prepare()
        yield made
