"""Who changed what, when and why: rows that nobody can change."""

from __future__ import annotations

from django.db import models


class Entry(models.Model):
    """One act of a person or a program, written in the act's own transaction. Append-only.

    `before` and `after` hold the columns that the act may change. `acted_at` is machine time. `request_id` is the
    one of the answer's header and of the logs.
    """

    id = models.UUIDField(primary_key=True)
    acted_at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    actor_kind = models.CharField(max_length=10)  # user, key, command, system
    verb = models.CharField(max_length=40)
    object_kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=60)
    reason = models.TextField(default="", db_default="", blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, default="", db_default="", blank=True)

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit"
        indexes = [
            models.Index(fields=["object_kind", "object_id", "id"], name="audit_of_object"),
            models.Index(fields=["actor", "id"], name="audit_of_actor"),
            models.Index(
                fields=["request_id", "id"], condition=~models.Q(request_id=""), name="audit_of_request"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.verb} {self.object_kind} {self.object_id}"
