"""The Attempts of a payment by identity, and the Evidence of each."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from payments import states
from payments.models.payment import Payment


class Attempt(models.Model):
    """One identity (signature, idempotency key) under which a payment was, or may have been, sent.

    `fence` and `send_no` say which send holds the right to leave; `send_by` (machine time) until when.
    `envelope` is what is sent, encrypted; `task_id` the Celery task that sent it last.

    At `look_at` (machine time) a closed one is looked up once more, as our own clock closed it, or as somebody told of
    it at `told_at`: that it ended as `told_end`, for which `told_looks` more looks are made if none shows it, or of
    another id, `told_ref` (payments/pipeline/look_again.py).
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
    look_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    told_end = models.CharField(max_length=10, default="", db_default="", blank=True)
    told_ref = models.CharField(max_length=120, default="", db_default="", blank=True)
    told_looks = models.PositiveSmallIntegerField(default=0, db_default=0)

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
            models.Index(fields=["provider", "look_at"], condition=Q(look_at__isnull=False),
                         name="attempts_to_look_at"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"attempt {self.seq} of {self.payment_id} {self.state}"


class Evidence(models.Model):
    """What somebody said about an attempt. Append-only but for the mark that it was applied, or is tried later."""

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
    tries = models.PositiveIntegerField(default=0, db_default=0)  # by itself, and in vain
    try_at = models.DateTimeField(null=True)  # machine time, after a try in vain

    class Meta:
        verbose_name_plural = "evidence"
        indexes = [
            models.Index(fields=["attempt", "id"], name="evidence_of_attempt"),
            models.Index(
                fields=["payment_id", "id"], condition=Q(applied_at__isnull=True), name="evidence_to_apply"
            ),
            models.Index(
                fields=["payment_id"],
                condition=Q(applied_at__isnull=True, try_at__isnull=False),
                name="evidence_to_try",
            ),
            models.Index(fields=["movement_id"], condition=~Q(movement_id=""), name="evidence_by_movement"),
            models.Index(
                fields=["provider_ref"], condition=~Q(provider_ref=""), name="evidence_by_provider_ref"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.outcome} {self.code}"
