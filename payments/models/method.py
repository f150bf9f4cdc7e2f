"""What a payer is collected from."""

from __future__ import annotations

from django.db import models
from django.db.models import Value

from engine.core.metadata import by_metadata


class PaymentMethod(models.Model):
    """What a payer is collected from: on `solana_delegate` an approved token account.

    `details` holds what the provider freezes into a payment's instructions (addresses, no secrets). `source` among
    them names what is pulled from: methods that share it are one queue (charge.queue_of).
    """

    class State(models.TextChoices):
        PENDING = "pending"  # the approval is not on chain yet
        ACTIVE = "active"
        REMOVED = "removed"

    id = models.UUIDField(primary_key=True)
    customer_id = models.UUIDField()
    provider = models.CharField(max_length=40)
    currency = models.CharField(max_length=10)
    details = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State, default=State.PENDING, db_default="pending")
    checked_at = models.DateTimeField(null=True)
    check_code = models.CharField(max_length=60, default="", db_default="", blank=True)
    check_message = models.TextField(default="", db_default="", blank=True)
    warned_due_at = models.DateTimeField(null=True)  # for which due date (business time) the payer was warned
    balance_minor = models.BigIntegerField(null=True)
    allowance_minor = models.BigIntegerField(null=True)
    version = models.PositiveIntegerField(default=0, db_default=0)  # numbers its events
    metadata = models.JSONField(default=dict, db_default=Value({}, models.JSONField()), blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["customer_id"], name="methods_of_customer"),
            by_metadata("methods_by_metadata"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.currency} {self.details.get('source', self.pk)}"
