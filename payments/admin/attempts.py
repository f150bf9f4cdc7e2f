"""What was sent and what was said about it: history, without secrets."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin

from engine.audit.preview import Operated, action
from engine.core.listing import ByDay
from engine.core.readonly import ReadOnlyInline, Rows, in_flower
from payments import look, models
from payments.admin.found import OfPayment
from payments.models import Attempt, Evidence


class Said(ReadOnlyInline):
    model, ordering = models.Evidence, ("pk",)
    fields = ("observed_at", "source", "send_no", "outcome", "code", "message", "gross_minor", "currency",
              "network_fee_minor", "provider_ref", "verdict", "applied_at")  # fmt: skip


@admin.register(Attempt)
class AttemptAdmin(OfPayment, Operated):
    list_display = ("id", "payment_id", "seq", "provider", "identity", "state", "failure_code", "created_at")
    list_filter = ("state", ByDay)
    exclude = ("envelope", "fence")
    inlines = (Said,)
    actions = (
        action(
            "Look up",
            look.look_up,
            "The provider is asked once more what became of each that was given up.",
            most=10,  # one call after the other, each may last until its timeout
        ),
    )

    def get_queryset(self, request: Any) -> Rows:
        return super().get_queryset(request).defer("envelope", "data")

    def links(self, row: Attempt) -> list[tuple[str, str]]:
        return [*super().links(row), *in_flower(row.task_id)]


@admin.register(Evidence)
class EvidenceAdmin(OfPayment):
    list_display = ("id", "payment_id", "source", "outcome", "code", "gross_minor", "verdict", "observed_at")
    list_filter = (("applied_at", admin.EmptyFieldListFilter), ByDay)

    def get_queryset(self, request: Any) -> Rows:
        return super().get_queryset(request).defer("detail")

    def of(self, payments: set[UUID]) -> Rows:
        attempts = Attempt.objects.filter(payment_id__in=payments).values_list("pk", flat=True)
        return Evidence.objects.filter(attempt_id__in=list(attempts))
