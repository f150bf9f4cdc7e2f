"""Who may log in, and their roles."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from engine.core.readonly import ModelAdmin
from ops.admin.typed import Noted, OfAdmins

admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(Noted, OfAdmins, DjangoUserAdmin, ModelAdmin):
    """People. Their role is their group: viewer, operator, approver, admin; staff may log in here."""

    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm
    list_display = ("username", "email", "roles", "is_active", "is_staff", "last_login")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="roles")
    def roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all()) or (
            "superuser" if user.is_superuser else "none"
        )


@admin.register(Group)
class GroupAdmin(Noted, OfAdmins, DjangoGroupAdmin, ModelAdmin):
    """The roles. What each may is in the code, not in the permissions."""
