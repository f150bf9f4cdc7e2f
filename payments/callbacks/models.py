"""What providers told us: one row an event, and counts of what was turned away."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Callback(models.Model):
    """One event, as its provider told it. A hint: what it names is looked up, and nothing moves by it.

    `body` is raw and sealed (engine.core.crypt), cut off where it is refused; `headers` are without secrets.
    `refusal`: why it is not believed. `said`: what it led to, or why it waits, in a sentence.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        UNKNOWN = "unknown"  # names nothing of ours
        PARKED = "parked"
        REFUSED = "refused"

    id = models.UUIDField(primary_key=True)
    provider = models.CharField(max_length=40)
    event_id = models.CharField(max_length=200)  # the provider's, or made from the body
    kind = models.CharField(max_length=80, default="", db_default="", blank=True)  # the provider's own word
    identity = models.CharField(max_length=120, default="", db_default="", blank=True)
    provider_ref = models.CharField(max_length=120, default="", db_default="", blank=True)
    dispute_ref = models.CharField(max_length=120, default="", db_default="", blank=True)
    setup_ref = models.CharField(max_length=120, default="", db_default="", blank=True)
    says = models.CharField(max_length=10, default="", db_default="", blank=True)  # the end that it tells of
    state = models.CharField(max_length=10, choices=State, default=State.WAITING, db_default="waiting")
    refusal = models.CharField(max_length=60, default="", db_default="", blank=True)
    said = models.TextField(default="", db_default="", blank=True)
    attempt_id = models.UUIDField(null=True)
    payment_id = models.UUIDField(null=True)
    tries = models.PositiveSmallIntegerField(
        default=0, db_default=0
    )  # how often it was taken; a worker's fence
    deliveries = models.PositiveIntegerField(default=1, db_default=1)  # how often it arrived
    body = models.BinaryField()
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    headers = models.JSONField(default=dict)
    correlation_id = models.UUIDField(null=True)
    received_at = models.DateTimeField()
    last_received_at = models.DateTimeField()
    next_action_at = models.DateTimeField(null=True)
    worked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="one_callback_per_event"),
            models.CheckConstraint(
                condition=Q(state="waiting", next_action_at__isnull=False)
                | (~Q(state="waiting") & Q(next_action_at__isnull=True)),
                name="a_waiting_callback_has_its_time",
            ),
        ]
        indexes = [
            models.Index(fields=["next_action_at"], condition=Q(next_action_at__isnull=False),
                         name="callbacks_to_work"),
            models.Index(fields=["payment_id", "id"], condition=Q(payment_id__isnull=False),
                         name="callbacks_of_payment"),
            models.Index(fields=["provider", "id"], name="callbacks_of_provider"),
            models.Index(fields=["state", "id"], condition=~Q(state="done"), name="callbacks_not_done"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.provider} {self.kind or self.refusal} {self.event_id}"


class AskedFor(models.Model):
    """Until when a provider was asked what it had to tell: what it told before that is in the inbox."""

    provider = models.CharField(max_length=40, primary_key=True)
    asked_until = models.DateTimeField()

    class Meta:
        verbose_name_plural = "asked for"

    def __str__(self) -> str:
        return f"{self.provider} until {self.asked_until:%Y-%m-%d %H:%M}"


class TurnedAway(models.Model):
    """How many callbacks of a provider were turned away in an hour, and why. Most of them are kept nowhere else."""

    provider = models.CharField(max_length=40)
    why = models.CharField(max_length=60)
    hour_start = models.DateTimeField()
    count = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name_plural = "turned away"
        constraints = [
            models.UniqueConstraint(
                fields=["hour_start", "provider", "why"], name="one_count_per_hour_and_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.why}: {self.count}"
