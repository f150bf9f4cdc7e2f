"""The base of every admin page: rows are shown, verbs change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

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
