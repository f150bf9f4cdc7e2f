"""What an operator asked for, and who has been seen alive. Payments are jobs of their own and not copied here."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Job(models.Model):
    """A cycle or a maintenance that somebody asked for by hand; the tick wakes a worker for it.

    Times are machine time. `next_action_at` is when a worker may take it: at once, or after the lease of the
    one that has it. `task_id` is the Celery task that took it last, as Flower shows it.
    """

    class Kind(models.TextChoices):
        PROCESS_DUE = "process_due"
        MAINTENANCE = "maintenance"

    class State(models.TextChoices):
        WAITING = "waiting"
        ACTIVE = "active"
        COMPLETED = "completed"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=20, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING, db_default="waiting")
    asked_by = models.CharField(max_length=150)
    reason = models.TextField(default="", db_default="", blank=True)
    correlation_id = models.UUIDField()
    created_at = models.DateTimeField()
    next_action_at = models.DateTimeField(null=True)
    taken_count = models.PositiveSmallIntegerField(default=0, db_default=0)
    task_id = models.CharField(max_length=64, default="", db_default="", blank=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict, blank=True)
    error = models.TextField(default="", db_default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=Q(state="waiting"), name="one_waiting_job_per_kind"
            ),
            models.CheckConstraint(
                condition=Q(next_action_at__isnull=False, state__in=("waiting", "active"))
                | Q(next_action_at__isnull=True, state__in=("completed", "failed")),
                name="an_open_job_has_a_next_action",
            ),
        ]
        indexes = [
            models.Index(fields=["next_action_at"], condition=Q(next_action_at__isnull=False),
                         name="jobs_to_work"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class Heartbeat(models.Model):
    """The last sign of life of a part, machine time: `tick` (beat and an io worker) and `queue:<name>` (a worker
    of that queue began a task). Written at most every few seconds.
    """

    name = models.CharField(primary_key=True, max_length=40)
    seen_at = models.DateTimeField()
    host = models.CharField(max_length=200, default="", db_default="", blank=True)

    def __str__(self) -> str:
        return f"{self.name} {self.seen_at:%Y-%m-%d %H:%M:%S}"
