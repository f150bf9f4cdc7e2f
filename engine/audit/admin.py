"""What anybody may read of the audit. Nobody changes it."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin

from engine.audit.models import Entry
from engine.core.actor import SYSTEM
from engine.core.ids import named
from engine.core.listing import ByDay
from engine.core.readonly import ReadOnly


@admin.register(Entry)
class EntryAdmin(ReadOnly):
    list_display = ("acted_at", "actor", "verb", "object_kind", "object_id", "reason")
    list_filter = (ByDay,)
    search_help_text = "id of what was acted on (`payment 0198…` or bare), who acted, or a request's id"

    def keys(self, term: str) -> set[Any]:
        """By the entry's id, the object's id, the actor's name or the request's id, all by index."""
        kinds = {str(model._meta.model_name) for model in apps.get_models()}
        first, _, rest = term.partition(" ")
        kinds, thing = ({first}, rest.strip()) if first in kinds and rest else (kinds, term)
        key = named(thing)
        found = set(Entry.objects.filter(actor=term).order_by("-pk").values_list("pk", flat=True)[:500])
        if term:
            asked = Entry.objects.filter(request_id=term).exclude(request_id="")
            found |= set(asked.order_by("-pk").values_list("pk", flat=True)[:500])
        of = Entry.objects.filter(object_kind__in=kinds, object_id=str(key or thing)).order_by("-pk")
        return found | set(of.values_list("pk", flat=True)[:500]) | ({key} if key else set())

    def sentence(self, row: Entry) -> str:
        who = "the product itself" if row.actor == SYSTEM.name else row.actor
        why = row.reason or "no reason was asked"
        return f"{who}: {row.verb.replace('_', ' ')} {row.object_kind} {row.object_id}, because: {why}"
