"""Where operators look at Celery's own view of a task."""

from __future__ import annotations

from django.conf import settings


def page_of_task(task_id: str) -> str:
    """Flower's page of the task; "" where its address (FLOWER_URL) or the task is not known."""
    address = settings.ENV.flower_url.rstrip("/")
    return f"{address}/task/{task_id}" if address and task_id else ""
