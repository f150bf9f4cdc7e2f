"""What operators see of the API: keys without their secrets, answers without what was answered."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from engine.core.listing import ByDay
from engine.core.readonly import ReadOnly, Rows
from engine.rest import keys
from engine.rest.models import Answer, ApiKey, Use


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly):
    list_display = (
        "name",
        "prefix",
        "scopes",
        "created_by",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
    )
    exclude = ("digest",)
    search_help_text = "id of a key, or how it begins"

    def keys(self, term: str) -> set[Any]:
        """Keys are few: their beginning has no index."""
        begun = ApiKey.objects.filter(prefix=term.rstrip("…")[: keys.SHOWN])
        return super().keys(term) | set(begun.values_list("pk", flat=True)[:500])


@admin.register(Answer)
class AnswerAdmin(ReadOnly):
    list_display = ("id", "key", "path", "status", "object_id", "created_at")
    list_filter = (ByDay,)
    exclude = ("answer", "body")  # an answer may hold a key that is shown once
    search_help_text = "id of an answer, or its Idempotency-Key"

    def get_queryset(self, request: HttpRequest) -> Rows:
        return super().get_queryset(request).defer("answer", "body")

    def keys(self, term: str) -> set[Any]:
        """By one_answer_per_word_of_all."""
        return super().keys(term) | set(Answer.objects.filter(key=term).values_list("pk", flat=True))


@admin.register(Use)
class UseAdmin(ReadOnly):
    list_display = ("bucket", "window_start", "calls")
    search_fields = ()
