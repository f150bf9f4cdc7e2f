"""What a person must decide."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from payments.models.payment import Payment


class Case(models.Model):
    """Something a person must decide: paid after close, an amount that differs, a refused hook."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=40)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, db_index=False)
    attempt_id = models.UUIDField(null=True)
    sentence = models.TextField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=150, default="", db_default="", blank=True)
    resolution = models.TextField(default="", db_default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment", "kind", "attempt_id"], name="one_case_per_matter")
        ]
        indexes = [models.Index(fields=["id"], condition=Q(closed_at__isnull=True), name="open_cases")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.sentence}"
