"""What is given back of a payment."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q, Value

from payments.models.payment import Payment


class Refund(models.Model):
    """A part of a paid payment that its payer gets back. Amounts in minor units; `fee_minor` is the platform's of it.

    A Payment of operation refund carries it out (`source_kind` refund, `source_id` this), where the provider can;
    else a person does, asked by the case, and says so under `reference`. `refund_no` counts those of its payment.

    `attempt_id` is of money that came late (payments/late.py): the attempt that brought it. It lay in unapplied and was
    shared with nobody, so it has no part of the fee, and its payment's counters are not of it. `counted_minor` is what
    they count: all of any other, less where it was done after it had been given up and the payment had room for less.
    """

    class State(models.TextChoices):
        REQUESTED = "requested"  # its own payment says how far it is
        BY_HAND = "by_hand"  # the provider can't: a person is to do it
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELED = "canceled"

    id = models.UUIDField(primary_key=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, db_index=False, related_name="refunds")
    refund_no = models.PositiveIntegerField()
    currency = models.CharField(max_length=10)
    amount_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField()
    attempt_id = models.UUIDField(null=True)
    counted_minor = models.BigIntegerField(default=0, db_default=0)
    reason = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED, db_default="requested")
    version = models.PositiveIntegerField(default=1, db_default=1)  # numbers its events
    failure_code = models.CharField(max_length=60, default="", db_default="", blank=True)
    failure_message = models.TextField(default="", db_default="", blank=True)
    created_by = models.CharField(max_length=150)
    case_id = models.UUIDField(null=True)
    reference = models.CharField(
        max_length=200, default="", db_default="", blank=True
    )  # of what a person did
    recorded_by = models.CharField(max_length=150, default="", db_default="", blank=True)
    metadata = models.JSONField(default=dict, db_default=Value({}, models.JSONField()), blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment", "refund_no"], name="one_refund_per_number"),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, fee_minor__gte=0, fee_minor__lte=F("amount_minor")),
                name="refund_amounts_make_sense",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "id"], name="refunds_by_state"),
            models.Index(
                fields=["attempt_id"], condition=Q(attempt_id__isnull=False), name="refunds_of_late_money"
            ),
        ]

    def __str__(self) -> str:
        return f"refund {self.refund_no} of {self.payment_id} {self.state}"
