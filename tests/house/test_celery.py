"""Tasks and timetable: named app.verb, routed to one of three queues, carrying a lane at most."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from fnmatch import fnmatch
from importlib import import_module

import pytest
from celery.bin.base import CLIContext
from celery.bin.worker import worker
from django.conf import settings

from config.celery import IO_CONNECTIONS, _share_connections, app
from docs import sheets
from engine.core.task import TRANSIENT
from sandbox.run.parts import PARTS
from sandbox.run.paths import CHECKOUT
from tests.house import tree

QUEUES = {"plan", "money", "io"}
OF_THE_WEB = {
    "config.urls",
    "rest_framework.views",
    "drf_spectacular.views",
    "unfold.admin",
    "payments.admin",
}
A_WORKER = """
import sys
from config.celery import app
app.loader.import_default_modules()
print(*sys.modules)
"""
LANES = {"payments.send", "payments.verify"}
NAME = re.compile(r"[a-z]+\.[a-z_]+")


def _tasks() -> dict[str, object]:
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def _own() -> dict[str, object]:
    return {
        name: task for name, task in _tasks().items() if type(task).run.__module__.startswith(tree.PRODUCT)
    }


def test_task_names_are_app_verb() -> None:
    found = [name for name in _tasks() if not NAME.fullmatch(name) or name.split(".")[0] not in tree.PRODUCT]
    tree.none_of(found, "Name a task after its app and its verb: payments.send:")


def test_every_task_is_routed() -> None:
    found = []
    for name in _tasks():
        rules = [rule for rule in app.conf.task_routes if fnmatch(name, rule)]
        queue = app.amqp.router.route({}, name)["queue"].name
        if not rules or queue not in QUEUES:
            found.append(f"{name} -> {queue}")
    tree.none_of(found, "Route it in config/celery.py to plan, money or io; the default queue is no route:")


def test_queues_are_three_and_fixed() -> None:
    assert {queue.name for queue in app.conf.task_queues} == QUEUES
    assert app.conf.task_create_missing_queues is False


def test_an_io_worker_has_a_thread_for_all_that_may_hang_at_once() -> None:
    """Each gateway may keep both drivers of each of its lanes for a minute; the tick must not wait behind them."""
    found = [import_module(f"engine.providers.{package}.sheet").sheet() for package in sheets.packages()]
    lanes = {(sheet.provider, operation) for sheet in found for operation in sheet.operations}
    routed = {name for name in _tasks() if app.amqp.router.route({}, name)["queue"].name == "io"}
    words = next(part.argv.split() for part in PARTS if part.name == "io")
    threads = int(words[words.index("-c") + 1])
    assert threads >= len(LANES) * len(lanes) + len(routed - LANES), (
        "more lanes or tasks: more threads, in docker-compose.yml too"
    )
    assert {"ops.tick"} | LANES <= routed


def test_a_worker_loads_no_view_and_no_page() -> None:
    """They are the web's; a worker that loads them starts later and weighs more."""
    started = subprocess.run(
        [sys.executable, "-c", A_WORKER], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    loaded = set(started.stdout.split())
    assert "payments.tasks" in loaded
    assert not loaded & OF_THE_WEB


def test_threads_share_a_few_connections_and_a_task_that_has_ended_holds_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for pool, most in (("threads", IO_CONNECTIONS), ("prefork", 0)):
        monkeypatch.setattr(settings, "DATABASES", {"default": settings.ENV.database()})
        conf = {"CELERY_DB_REUSE_MAX": app.conf.get("CELERY_DB_REUSE_MAX")}
        words = worker.make_context("worker", ["-P", pool], obj=CLIContext(app, no_color=True, workdir=""))
        _share_connections(conf=conf, options=words.params)
        options = settings.DATABASES["default"]["OPTIONS"]
        assert options.get("pool", {}).get("max_size", 0) == most <= 8
        assert conf["CELERY_DB_REUSE_MAX"] == (0 if most else 1000)


def test_tasks_carry_short_strings_at_most() -> None:
    found = []
    for name, task in _own().items():
        work = inspect.unwrap(task.run)  # type: ignore[attr-defined]
        for parameter in inspect.signature(work).parameters.values():
            if parameter.annotation not in (str, "str"):
                found.append(f"{name}: {parameter}")
    tree.none_of(found, "A wake-up names a lane, never rows or payloads: rows are the truth:")


def test_lost_and_doubled_messages_are_harmless_by_setting() -> None:
    assert app.conf.task_acks_late is True
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.task_soft_time_limit is None
    assert app.conf.worker_eta_task_limit == 1000
    assert app.conf.task_time_limit < app.conf.broker_transport_options["visibility_timeout"]


def test_a_wake_up_is_tried_again_with_growing_waits_and_a_tick_is_not() -> None:
    """I9: Celery owns the retries of the wake-up alone, and only for what a later try can mend."""
    for name, task in _own().items():
        retried = tuple(getattr(task, "autoretry_for", ()))
        if task.ignore_result:  # type: ignore[attr-defined]
            assert not retried, f"{name}: the next tick is seconds away"
            continue
        assert retried == TRANSIENT, name
        assert (task.retry_backoff, task.retry_jitter, task.max_retries) == (True, True, 3), name  # type: ignore[attr-defined]
        assert 0 < task.retry_backoff_max <= 60, name  # type: ignore[attr-defined]


def test_timetable_and_wakes_name_registered_tasks() -> None:
    registered = _tasks().keys()
    rooms = "|".join(tree.PRODUCT)
    named = re.compile(rf"({rooms})\.[a-z_]+")
    found, entries = [], 0
    schedule = tree.ROOT / "config/schedule.py"
    for path in [schedule, *(path for path in tree.python() if path != schedule)]:
        for number, name in _task_names(path, everywhere=path == schedule):
            if named.fullmatch(name):
                entries += path == schedule
                if name not in registered:
                    found.append(f"{tree.where(path, number)} {name}")
    tree.none_of(found, "No task of that name is registered; beat or the wake would publish into the void:")
    assert entries, "config/schedule.py names no task"


def _task_names(path: object, *, everywhere: bool) -> list[tuple[int, str]]:
    """String constants of the timetable; elsewhere the first argument of wake() and Wake()."""
    found = []
    for node in tree.nodes(path):  # type: ignore[arg-type]
        if everywhere and isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append((node.lineno, node.value))
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = ast.unparse(node.func).split(".")[-1]
            if called in ("wake", "Wake") and isinstance(node.args[0].value, str):
                found.append((node.lineno, node.args[0].value))
    return found
