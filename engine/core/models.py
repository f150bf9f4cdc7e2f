"""Clocks: on which time a customer lives (invariant I7)."""

from __future__ import annotations

from django.db import models


class Clock(models.Model):
    """A business clock. Row 0 is real time and always there.

    - real: machine time.
    - running: machine time less `offset_seconds`, frozen at `lease_until` (machine time), so that the
      demo's time stands still while nobody extends the lease (design section 7).
    - test: stands at `stands_at` until somebody advances it.
    """

    class Kind(models.TextChoices):
        REAL = "real"
        RUNNING = "running"
        TEST = "test"

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(max_length=80, default="")
    offset_seconds = models.FloatField(default=0)
    lease_until = models.DateTimeField(null=True)
    stands_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], name="one_clock_per_name"),
            models.CheckConstraint(
                condition=models.Q(kind="real")
                | models.Q(kind="running", lease_until__isnull=False)
                | models.Q(kind="test", stands_at__isnull=False),
                name="a_clock_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.pk} ({self.kind})"
