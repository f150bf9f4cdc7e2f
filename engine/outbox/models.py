"""Events, written with the state change that they tell of. Delivery reads them later."""

from __future__ import annotations

from django.db import models
from django.db.models import Func, Q, Value


class Event(models.Model):
    """One fact for the outside, in the same commit as the fact. Append-only but for `dispatched_at`.

    (object_kind, object_id, seq) orders the events of one object; `seq` is the object's version, so the
    same change can't be told twice. `occurred_at` is business time, `created_at` machine time.
    (position, turn) is the order of the feed, given by the database (order.py says why). Position 0: written
    before there were positions.
    """

    id = models.UUIDField(primary_key=True)
    type = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=20)
    object_id = models.UUIDField()
    seq = models.PositiveIntegerField()
    clock_id = models.BigIntegerField(default=0, db_default=0)
    occurred_at = models.DateTimeField()
    created_at = models.DateTimeField()
    correlation_id = models.UUIDField(null=True)
    payload = models.JSONField(default=dict)
    dispatched_at = models.DateTimeField(null=True)
    position = models.BigIntegerField(db_default=Func(function="engine_outbox_position"), editable=False)
    turn = models.BigIntegerField(
        db_default=Func(Value("engine_outbox_turn"), function="nextval"), editable=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["object_id", "object_kind", "seq"], name="one_event_per_version")
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(dispatched_at__isnull=True), name="events_to_dispatch"),
            models.Index(fields=["position", "turn"], name="events_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.object_id}"
