"""How money moves: one Payment per obligation, its Attempts by identity, the Evidence of each.

States change in the pipeline alone (states.py says how); everything else reads.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q, Value

from engine.core.metadata import by_metadata
from payments import states


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


_NOT_PAID = Q(state__in=("failed", "canceled", "succeeded_late", "reversed"))


class Payment(models.Model):
    """One obligation to move money, whatever it takes. Amounts in minor units of `currency`.

    `next_action_at` is machine time: when the pipeline looks at it next; null when there is nothing to
    do. `grace_until` is business time of `clock_id`. `accounts` are the ledger accounts, frozen here.
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
            # Cost nothing where money moved. In the order of lists, too: old ones would be looked for through all.
            models.Index(fields=["state", "ended_at"], condition=_NOT_PAID, name="payments_not_paid"),
            models.Index(fields=["state", "id"], condition=_NOT_PAID, name="payments_not_paid_in_order"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.operation} {self.pk} {self.state}"


class Attempt(models.Model):
    """One identity (signature, idempotency key) under which a payment was, or may have been, sent.

    `fence` and `send_no` say which send holds the right to leave; `send_by` (machine time) until when.
    `envelope` is what is sent, encrypted; `task_id` the Celery task that sent it last.
    """

    class State(models.TextChoices):
        SENT = "sent"
        PENDING = "pending"
        UNKNOWN = "unknown"
        SUCCEEDED = "succeeded"
        DECLINED = "declined"
        NOT_SENT = "not_sent"

    id = models.UUIDField(primary_key=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, db_index=False, related_name="attempts")
    seq = models.PositiveIntegerField()
    provider = models.CharField(max_length=40)
    identity = models.CharField(max_length=120)
    envelope = models.BinaryField()
    data = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.SENT, db_default="sent")
    fence = models.BigIntegerField()
    send_no = models.PositiveIntegerField(default=1, db_default=1)
    send_by = models.DateTimeField()
    task_id = models.CharField(max_length=64, default="", db_default="", blank=True)  # Celery's
    failure_class = models.CharField(max_length=24, default="", db_default="", blank=True)
    failure_code = models.CharField(max_length=60, default="", db_default="", blank=True)
    failure_message = models.TextField(default="", db_default="", blank=True)
    created_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment", "seq"], name="one_attempt_per_number"),
            models.UniqueConstraint(fields=["provider", "identity"], name="one_attempt_per_identity"),
            models.UniqueConstraint(fields=["payment"], condition=Q(state__in=states.UNRESOLVED_ATTEMPT),
                                    name="one_unresolved_attempt_per_payment"),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["provider", "send_by"], condition=Q(state__in=states.UNRESOLVED_ATTEMPT),
                         name="attempts_on_their_way"),
            models.Index(fields=["state", "id"], condition=Q(state__in=("declined", "not_sent")),
                         name="attempts_in_vain"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"attempt {self.seq} of {self.payment_id} {self.state}"


class Evidence(models.Model):
    """What somebody said about an attempt. Append-only but for the mark that it was applied."""

    class Source(models.TextChoices):
        REPLY = "reply"
        LOOKUP = "lookup"
        CALLBACK = "callback"
        LOCAL = "local"  # this process knows that the send did not leave
        OPERATOR = "operator"

    id = models.UUIDField(primary_key=True)
    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, db_index=False, related_name="evidence")
    payment_id = models.UUIDField()
    source = models.CharField(max_length=10, choices=Source)
    send_no = models.PositiveIntegerField()  # the send it speaks for; for a lookup the last one before it
    outcome = models.CharField(max_length=10)
    failure_class = models.CharField(max_length=24, default="", db_default="")
    code = models.CharField(max_length=60, default="", db_default="")
    message = models.TextField(default="", db_default="")
    provisional = models.BooleanField(default=False, db_default=False)
    provider_ref = models.CharField(max_length=120, default="", db_default="")
    movement_id = models.CharField(max_length=160, default="", db_default="")
    gross_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=10, default="", db_default="")
    fee_minor = models.BigIntegerField(null=True)
    network_fee_minor = models.BigIntegerField(default=0, db_default=0)
    network_currency = models.CharField(max_length=10, default="", db_default="")
    retry_seconds = models.FloatField(null=True)
    digest = models.CharField(max_length=64, default="", db_default="")
    detail = models.JSONField(default=dict)
    observed_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=60, default="", db_default="")  # what applying it did

    class Meta:
        verbose_name_plural = "evidence"
        indexes = [
            models.Index(fields=["attempt", "id"], name="evidence_of_attempt"),
            models.Index(
                fields=["payment_id", "id"], condition=Q(applied_at__isnull=True), name="evidence_to_apply"
            ),
            models.Index(fields=["movement_id"], condition=~Q(movement_id=""), name="evidence_by_movement"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.outcome} {self.code}"


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
