"""Who may call the API, how often they did, and what they were answered."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class ApiKey(models.Model):
    """A Bearer token. Only its SHA-256 is stored: 256 random bits need no slow hash. Shown once.

    `owner` is the first key's id of a line of rotations: what was done under the old key stays theirs.
    """

    id = models.UUIDField(primary_key=True)
    owner = models.UUIDField()
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=20)  # how it begins: enough to recognise it, no more
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)  # to the minute
    rotated_from = models.ForeignKey("self", null=True, on_delete=models.PROTECT, db_index=False)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Answer(models.Model):
    """What a POST under an Idempotency-Key was answered, in the same commit as its effect. Kept 30 days.

    A word is the platform's: sent again under another owner's key it is refused, or a fail-over would do all twice.
    `body` holds the digest of each field that was sent, to name the one that differs in a second request.
    """

    id = models.UUIDField(primary_key=True)
    owner = models.UUIDField()
    key = models.CharField(max_length=255)
    path = models.CharField(max_length=300)
    body = models.JSONField(default=dict)
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField(default=dict)
    object_id = models.CharField(max_length=60, default="", db_default="", blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="one_answer_per_word_of_all")]
        indexes = [models.Index(fields=["created_at"], name="answers_by_age")]

    def __str__(self) -> str:
        return f"{self.key}: {self.status}"


class Use(models.Model):
    """How many calls a bucket (a key, an address) made in one window. Unlogged: it may be lost. Kept an hour."""

    bucket = models.CharField(max_length=80)
    window_start = models.DateTimeField()
    calls = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bucket", "window_start"], name="one_count_per_window"),
            models.CheckConstraint(condition=Q(calls__gt=0), name="a_count_counts"),
        ]
        indexes = [models.Index(fields=["window_start"], name="uses_by_age")]

    def __str__(self) -> str:
        return f"{self.bucket}: {self.calls}"
