"""Pages into which admins may type, as Django's own are: who may, and the audit of what was typed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest

from engine.audit.act import note
from engine.core.actor import Role
from engine.core.readonly import actor


class OfAdmins:
    """Seen by every role where `seen`, changed by admins alone."""

    seen = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return actor(request).role >= (Role.VIEWER if self.seen else Role.ADMIN)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return actor(request).role >= Role.ADMIN

    has_change_permission = has_delete_permission = has_add_permission

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


class Noted:
    """What an admin types into a row stands in the audit as verbs do: who, before, after."""

    def save_related(self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)  # type: ignore[misc]
        names = [name for name in form.changed_data if "password" not in name]
        before = {name: _plain(form.initial.get(name)) for name in names}
        after = {name: _plain(form.cleaned_data.get(name)) for name in names}
        verb = "change" if change else "add"
        note(actor(request), verb, type(form.instance), form.instance.pk, before=before, after=after)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        note(actor(request), "delete", type(obj), obj.pk, before={"name": str(obj)})
        super().delete_model(request, obj)  # type: ignore[misc]

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        with transaction.atomic():
            for row in queryset:
                note(actor(request), "delete", type(row), row.pk, before={"name": str(row)})
            super().delete_queryset(request, queryset)  # type: ignore[misc]


def _plain(value: Any) -> Any:
    """Rows by their names: a form holds groups and schedules as objects."""
    if isinstance(value, Iterable) and not isinstance(value, str | dict):
        return [str(each) for each in value]
    return str(value) if isinstance(value, Model) else value
