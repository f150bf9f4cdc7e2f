"""Real servers in folders of their own; whatever the surrounding `make test` has set is laid aside."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.run import leftovers
from sandbox.run.identity import nobodys_folder
from sandbox.run.paths import Paths, run_paths
from tests.run.house import House


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "DATABASE_URL",
        "REDIS_URL",
        "RUN_DIR",
        "WEB_PORT",
        "FLOWER_PORT",
        "SOLANA_PORT",
        "GATEWAYS_PORT",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def paths() -> Iterator[Paths]:
    """A run folder whose children and sockets are gone after the test, also when it fails."""
    folder = Path(tempfile.mkdtemp(prefix="cb-test-"))
    found = run_paths(folder)
    yield found
    if found.pids.exists():
        leftovers.end(found)
    for each in (folder, found.sockets, nobodys_folder(found)):
        shutil.rmtree(each, ignore_errors=True)


@pytest.fixture
def house(paths: Paths) -> Iterator[Callable[..., House]]:
    """Starts a supervisor with toy parts as a process of its own."""
    started: list[House] = []

    def start(scene: str = "plain", **environ: str) -> House:
        started.append(House(paths, scene, environ))
        return started[-1]

    yield start
    for each in started:
        each.end()
