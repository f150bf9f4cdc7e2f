"""The Celery app: three queues, every task's route on one screen."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery, signals
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Django's own checks load every view there is: 20 MB and a third of a second for each worker. `migrate` runs them, too.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

# Of one io worker, however many lanes it drives: between two waits a driver is short.
IO_CONNECTIONS = 8

app = Celery("clearbeat")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = (Queue("plan"), Queue("money"), Queue("io"))
app.conf.task_default_queue = "plan"
app.conf.task_routes = {
    # prefork, CPU and database: what is due, what became of it
    "billing.*": {"queue": "plan"},
    "ops.*": {"queue": "plan"},
    # the tick must not wait behind a long cycle: sending and applying would stop in the middle of a big run
    "ops.tick": {"queue": "io"},
    "payments.apply": {"queue": "money"},
    "payments.look_now": {"queue": "money"},
    "payments.roll_up": {"queue": "money"},
    # threads, talks to the world; one driver per lane and worker
    "payments.send": {"queue": "io"},
    "payments.verify": {"queue": "io"},
    "payments.disputes": {"queue": "io"},
    "payments.work_callbacks": {"queue": "io"},
    "payments.ask_for_callbacks": {"queue": "io"},
    "payments.work_methods": {"queue": "io"},
    "billing.watch_upcoming": {"queue": "io"},
    "engine.warm_tokens": {"queue": "io"},
}
app.autodiscover_tasks()


@signals.setup_logging.connect
def _logging(**kwargs: Any) -> None:
    from config import log

    log.configure()


@signals.task_prerun.connect
def _alive(task: Any = None, **kwargs: Any) -> None:
    """A worker of this queue begins a task: its sign of life, every few seconds, for /health and doctor."""
    from ops import heartbeat

    info = getattr(task.request, "delivery_info", None) or {}
    if not task.request.is_eager and info.get("routing_key") in heartbeat.QUEUES:
        heartbeat.beat_quietly(heartbeat.of_queue(info["routing_key"]), host=task.request.hostname or "")


@signals.worker_shutting_down.connect
def _stop_sending(**kwargs: Any) -> None:
    # On SIGTERM no new send starts; what is marked and did not leave says so as evidence.
    from payments.pipeline import stopping

    stopping.set()


@signals.worker_ready.connect
def _who_is_missing(**kwargs: Any) -> None:
    """What waits for a provider that this process does not have is told at once: a variable may have been left out."""
    from ops import gone

    gone.warn()


@signals.celeryd_init.connect
def _share_connections(conf: Any, options: dict[str, Any], **kwargs: Any) -> None:
    """An io worker's threads share a few connections: one that waits for the outside has given its own back."""
    from django.conf import settings

    if "thread" in str(options["pool"]):
        settings.DATABASES["default"].update(settings.ENV.database(pooled=IO_CONNECTIONS, wait_seconds=10))
        conf["CELERY_DB_REUSE_MAX"] = 0  # a task that has ended holds none


@signals.celeryd_init.connect
@signals.beat_init.connect
def _right_network(**kwargs: Any) -> None:
    """A node of another network than SOLANA_NETWORK stops the boot (row 0.40); a silent one does not."""
    from engine.providers import registry

    if wrong := registry.wrong_networks():
        raise SystemExit("\n".join(wrong))
