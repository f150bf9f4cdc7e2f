"""Tasks and timetable: named app.verb, routed to one of three queues, carrying a lane at most."""

from __future__ import annotations

import ast
import inspect
import re
from fnmatch import fnmatch

from config.celery import app
from engine.core.task import TRANSIENT
from tests.house import tree

QUEUES = {"plan", "money", "io"}
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
    for node in ast.walk(tree.parsed(path)):  # type: ignore[arg-type]
        if everywhere and isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append((node.lineno, node.value))
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = ast.unparse(node.func).split(".")[-1]
            if called in ("wake", "Wake") and isinstance(node.args[0].value, str):
                found.append((node.lineno, node.args[0].value))
    return found
