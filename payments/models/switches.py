"""What stops sending: a provider's row, and one for everything."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class ProviderSwitch(models.Model):
    """Per provider: paused or not, and how many sends may be in flight. Mark sent locks this row."""

    provider = models.CharField(primary_key=True, max_length=40)
    paused = models.BooleanField(default=False, db_default=False)
    reason = models.TextField(default="", db_default="", blank=True)
    concurrency = models.PositiveIntegerField(default=64, db_default=64)

    def __str__(self) -> str:
        return f"{self.provider}: {'paused' if self.paused else 'running'}"


class KillSwitch(models.Model):
    """One row. Off: nothing that moves money is signed or sent, by anybody (row 0.67)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, db_default=1)
    sending = models.BooleanField(default=True, db_default=True)
    reason = models.TextField(default="", db_default="", blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_kill_switch")]

    def __str__(self) -> str:
        return "sending" if self.sending else f"stopped: {self.reason}"
