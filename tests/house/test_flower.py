"""Flower as the compose file starts it: without its login it tells nothing but that it lives."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.conf import settings

from sandbox.live.web import free_port
from sandbox.run.parts import PARTS
from tests.house import tree
from tests.house.test_containers import command

LOGIN = ("operator", "not-a-word-to-guess")


@pytest.fixture(scope="module")
def flower(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Flower of our own, on this run's Redis; its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    ours = {"--port": f"--port={port}", "--address": "--address=127.0.0.1"}
    argv = [sys.executable, *(ours.get(word.partition("=")[0], word) for word in command("flower")[1:])]
    own = {"FLOWER_BASIC_AUTH": ":".join(LOGIN), "REDIS_URL": settings.ENV.redis_url}
    log = tmp_path_factory.mktemp("flower") / "log"
    with log.open("wb") as out:
        child = subprocess.Popen(argv, env={**os.environ, **own}, cwd=tree.ROOT, stdout=out, stderr=out)
    try:
        _wait(child, log, address)
        yield address
    finally:
        child.terminate()
        child.wait(20)


def _wait(child: subprocess.Popen[bytes], log: Path, address: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            assert requests.get(f"{address}/healthcheck", timeout=2).status_code == 200
            return
        except requests.ConnectionError:
            assert child.poll() is None and time.monotonic() < until, log.read_text()[-3000:]
            time.sleep(0.1)


@pytest.mark.parametrize("page", ["metrics", "workers", "tasks", "broker", "api/tasks", "api/queues/length"])
def test_nothing_is_told_without_the_login(flower: str, page: str) -> None:
    refused = requests.get(f"{flower}/{page}", timeout=5, allow_redirects=False)
    assert refused.status_code == 401
    assert "clearbeat" not in refused.text


def test_metrics_are_told_with_it(flower: str) -> None:
    answer = requests.get(f"{flower}/metrics", timeout=5, auth=LOGIN)
    assert (answer.status_code, "flower_" in answer.text) == (200, True)


def test_make_run_starts_it_the_same_way() -> None:
    (part,) = (each for each in PARTS if each.name == "flower")
    conf = [word for word in command("flower") if word.startswith("--conf=")]
    assert len(conf) == 1
    assert conf[0] in part.argv.split()
    assert (tree.ROOT / conf[0].partition("=")[2]).is_file()
