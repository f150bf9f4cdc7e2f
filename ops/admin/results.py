"""What ran: jobs, the result rows of batch tasks, signs of life."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django_celery_results.models import GroupResult, TaskResult

from engine.core.listing import ByDay
from engine.core.readonly import ReadOnly, in_flower
from ops import models

admin.site.unregister([TaskResult, GroupResult])


class Results(ReadOnly):
    """Result rows of batch tasks: counts, no payloads."""

    ids = ()

    def links(self, row: Any) -> list[tuple[str, str]]:
        return in_flower(getattr(row, "task_id", ""))

    def keys(self, term: str) -> set[Any]:
        key = "task_id" if self.model is TaskResult else "group_id"
        return set(self.model._default_manager.filter(**{key: term}).values_list("pk", flat=True))


@admin.register(TaskResult)
class TaskResultAdmin(Results):
    list_display = ("task_id", "task_name", "date_done", "status", "worker", "result")
    search_help_text = "task id"


@admin.register(GroupResult)
class GroupResultAdmin(Results):
    list_display = ("group_id", "date_done")
    search_help_text = "group id"


@admin.register(models.Job)
class JobAdmin(ReadOnly):
    list_display = ("id", "kind", "state", "asked_by", "reason", "created_at", "ended_at", "error")
    list_filter = ("state", "kind", ByDay)
    search_help_text = "id of a job"

    def links(self, row: models.Job) -> list[tuple[str, str]]:
        return in_flower(row.task_id)


@admin.register(models.Heartbeat)
class HeartbeatAdmin(ReadOnly):
    """Signs of life."""

    list_display = ("name", "seen_at", "host")
    search_fields = ()
