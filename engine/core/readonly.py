"""The base of every admin page: rows are shown, verbs change them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest

from engine.core.actor import of_user
from engine.core.errors import Refusal

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    # Django's classes take no parameters at run time.
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline

Rows = QuerySet[Any]


class Shown:
    """Nothing is typed into a row; those who may change the model may use its actions."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission

    def has_operate_permission(self, request: HttpRequest) -> bool:
        opts = self.opts  # type: ignore[attr-defined]
        return request.user.has_perm(f"{opts.app_label}.change_{opts.model_name}")


class ReadOnly(Shown, ModelAdmin):
    """A page of rows, newest first, without a count over the whole table."""

    list_per_page = 50
    show_full_result_count = False
    ordering = ("-pk",)


class ReadOnlyInline(Shown, TabularInline):
    """Rows that belong to one above them."""

    extra = 0
    can_delete = False
    show_change_link = True


class ReasonForm(ActionForm):
    """Every verb of an operator has a reason; it stands beside the choice of the verb."""

    reason = forms.CharField(required=False, widget=forms.TextInput(attrs={"placeholder": "reason"}))


class Operated(ReadOnly):
    """A page whose rows have verbs."""

    action_form = ReasonForm


def action(description: str, verb: Callable[..., object], *, named: bool = False) -> Callable[..., None]:
    """An action that calls `verb(pk, reason=...)`, with `by` where it is `named`, for each row alone."""

    @admin.action(permissions=["operate"], description=description)
    def act(self: Operated, request: HttpRequest, rows: Rows) -> None:
        said = {"reason": request.POST.get("reason", "")}
        said |= {"by": of_user(request.user)} if named else {}
        for row in rows:
            try:
                verb(row.pk, **said)
                self.message_user(request, f"{description}: {row}")
            except Refusal as fault:
                self.message_user(request, f"{row}: {fault.message}", messages.ERROR)

    act.__name__ = description.lower().replace(" ", "_")
    return act
