"""One Payment per obligation."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from payments import states

_NOT_PAID = Q(state__in=("failed", "canceled", "succeeded_late", "reversed"))


class Payment(models.Model):
    """One obligation to move money, whatever it takes. Amounts in minor units of `currency`.

    `next_action_at` is machine time: when the pipeline looks at it next; null when there is nothing to
    do. `grace_start` (the first look that found the payer short, null before it) and `grace_until` are business
    time of `clock_id`. `accounts` are the ledger accounts, frozen here.
    """

    class State(models.TextChoices):
        SCHEDULED = "scheduled"
        IN_FLIGHT = "in_flight"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELED = "canceled"
        SUCCEEDED_LATE = "succeeded_late"
        REVERSED = "reversed"

    id = models.UUIDField(primary_key=True)
    operation = models.CharField(max_length=10)  # charge, refund, release, payout
    provider = models.CharField(max_length=40)
    source_kind = models.CharField(max_length=20)
    source_id = models.UUIDField()
    no = models.PositiveIntegerField(default=1, db_default=1)  # the n-th payment for that source
    clock_id = models.BigIntegerField(default=0, db_default=0)
    method_id = models.UUIDField(null=True)
    # One at a time and oldest first within a queue: the payment source's id.
    queue_key = models.UUIDField()
    due_at = models.DateTimeField()  # business time; orders the queue
    grace_until = models.DateTimeField()
    grace_start = models.DateTimeField(null=True)
    settlement = models.CharField(max_length=10)  # direct, platform
    currency = models.CharField(max_length=10)
    amount_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField(default=0, db_default=0)
    instructions = models.JSONField(default=dict)
    accounts = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State, default=State.SCHEDULED, db_default="scheduled")
    version = models.PositiveIntegerField(default=1, db_default=1)
    # Why it is not moving (funds, payee, provider, retry, switch) and why it failed.
    waiting = models.CharField(max_length=12, default="", db_default="", blank=True)
    failure_class = models.CharField(max_length=24, default="", db_default="", blank=True)
    failure_code = models.CharField(max_length=60, default="", db_default="", blank=True)
    failure_message = models.TextField(default="", db_default="", blank=True)
    next_action_at = models.DateTimeField(null=True)
    taken_count = models.PositiveSmallIntegerField(default=0, db_default=0)
    short_tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    looks = models.PositiveIntegerField(default=0, db_default=0)
    parked_at = models.DateTimeField(null=True)
    parked_reason = models.TextField(default="", db_default="", blank=True)
    provisional_at = models.DateTimeField(null=True)
    # In flight when somebody called it back: if it proves not to have left, it is canceled, not signed anew.
    stop_code = models.CharField(max_length=40, default="", db_default="", blank=True)
    stop_reason = models.TextField(default="", db_default="", blank=True)
    settled_minor = models.BigIntegerField(default=0, db_default=0)
    refunding_minor = models.BigIntegerField(default=0, db_default=0)  # asked to be given back, not done yet
    refunded_minor = models.BigIntegerField(default=0, db_default=0)
    disputed_minor = models.BigIntegerField(default=0, db_default=0)
    correlation_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_kind", "source_id", "no"], name="one_payment_per_number"),
            models.UniqueConstraint(
                fields=["source_kind", "source_id"],
                condition=Q(state__in=states.OPEN_PAYMENT),
                name="one_open_payment_per_source",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, fee_minor__gte=0, fee_minor__lte=models.F("amount_minor")),
                name="payment_amounts_make_sense",
            ),
            models.CheckConstraint(
                condition=Q(settled_minor__gte=0, refunded_minor__gte=0, disputed_minor__gte=0),
                name="payment_counters_not_negative",
            ),
            # What was taken back whole stays so, whatever had been given back of it before.
            models.CheckConstraint(
                condition=Q(refunding_minor__gte=0)
                & (
                    Q(state="reversed")
                    | Q(settled_minor__gte=F("refunded_minor") + F("refunding_minor") + F("disputed_minor"))
                ),
                name="payment_never_over_refunded",
            ),
        ]
        indexes = [
            models.Index(
                fields=["provider", "operation", "state", "next_action_at"],
                condition=Q(next_action_at__isnull=False),
                name="payments_to_act_on",
            ),
            models.Index(
                fields=["queue_key", "due_at", "id"],
                condition=Q(state__in=states.OPEN_PAYMENT),
                name="open_payments_in_queue",
            ),
            models.Index(fields=["parked_at"], condition=Q(parked_at__isnull=False), name="parked_payments"),
            models.Index(fields=["id"], condition=Q(state="scheduled") & ~Q(stop_code=""),
                         name="payments_told_to_stop"),
            models.Index(fields=["provider", "waiting", "failure_code", "created_at"], name="payments_waiting",
                         condition=Q(state="scheduled", parked_at__isnull=True, waiting__in=("provider", "payee"))),
            # Cost nothing where money moved. In the order of lists, too: old ones would be looked for through all.
            models.Index(fields=["state", "ended_at"], condition=_NOT_PAID, name="payments_not_paid"),
            models.Index(fields=["state", "id"], condition=_NOT_PAID, name="payments_not_paid_in_order"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.operation} {self.pk} {self.state}"
