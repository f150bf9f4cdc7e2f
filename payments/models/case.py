"""What a person must decide."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from engine.core.errors import Refusal
from payments.models.payment import Payment


class Case(models.Model):
    """Something a person must decide: paid after close, an amount that differs, a refused hook, a dispute."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=40)
    # None: what happened at a provider is about no payment of ours that is known.
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, db_index=False, null=True)
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

    @property
    def about(self) -> Payment:
        """The payment that it is about. Raises Refusal where none is known."""
        if self.payment is None:
            raise Refusal(
                "no_payment", "it is about no payment of ours: close it with what came of it", param="case"
            )
        return self.payment

    def __str__(self) -> str:
        return f"{self.kind}: {self.sentence}"
