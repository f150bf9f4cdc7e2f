"""Servers for tests, bench and proofs: in a folder of their own, gone at the end of a `with` block."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.run import envfile, leftovers, lock, servers
from sandbox.run.paths import Paths, run_paths
from sandbox.run.supervisor import Say, Supervisor


@dataclass(frozen=True)
class Embedded:
    """Addresses of running servers. `values` is RUN_DIR/env: lay it over os.environ for a child."""

    database_url: str
    redis_url: str
    values: dict[str, str]
    paths: Paths
    supervisor: Supervisor


def _silent(line: str) -> None:
    pass


@contextmanager
def embedded(
    run_dir: str | os.PathLike[str],
    *,
    fresh: bool = False,
    settings: Mapping[str, str] | None = None,
    say: Say = _silent,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Embedded]:
    """PostgreSQL and Valkey under `run_dir`; nothing is started for a URL that `environ` has.

    `fresh` empties the folder's data first; `settings` are PostgreSQL's, over our own. Use it from the
    main thread. Raises RunError when the folder is in use or a server does not start.
    """
    environ = os.environ if environ is None else environ
    paths = run_paths(run_dir)
    paths.make()
    with lock.hold(paths):
        leftovers.end(paths)
        if fresh:
            for folder in (paths.run_dir / "postgres", paths.run_dir / "valkey", paths.logs):
                shutil.rmtree(folder, ignore_errors=True)
            paths.make()
        supervisor = Supervisor(say)
        try:
            urls = servers.start(supervisor, paths, environ, settings)
            values = {"RUN_DIR": str(paths.run_dir), **urls, **secrets(paths, environ)}
            envfile.write(paths.env, values)
            yield Embedded(urls["DATABASE_URL"], urls["REDIS_URL"], values, paths, supervisor)
        finally:
            supervisor.stop()
            # Test folders come and go: leave no empty ones in /tmp.
            with suppress(OSError):
                paths.sockets.rmdir()


def secrets(paths: Paths, environ: Mapping[str, str]) -> dict[str, str]:
    """The lasting secrets of a RUN_DIR; one that `environ` has wins."""
    made = envfile.lasting_secrets(envfile.read(paths.env))
    return {key: environ.get(key) or value for key, value in made.items()}


def folder_of(name: str) -> Path:
    """A run folder in the checkout, such as `.run-test`."""
    return run_paths(name).run_dir
