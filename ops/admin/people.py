"""Who may log in, and their roles."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from engine.audit.act import note
from engine.core.readonly import ModelAdmin, actor, key_of
from ops.admin.typed import Noted, OfAdmins

admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(Noted, OfAdmins, DjangoUserAdmin, ModelAdmin):
    """People. Their role is their group: viewer, operator, approver, admin; staff may log in here."""

    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm
    list_display = ("username", "email", "roles", "is_active", "is_staff", "last_login")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """A page of Django's own beside the row's form: that a password was changed, or taken away, is in the audit."""
        key = key_of(User, unquote(id))
        kept = User.objects.filter(pk=key).values_list("password", flat=True)
        with transaction.atomic():
            before = kept.first()
            answer: HttpResponse = super().user_change_password(request, id, form_url)
            if kept.all().first() != before:
                note(actor(request), "change_password", User, key)
        return answer

    @admin.display(description="roles")
    def roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all()) or (
            "superuser" if user.is_superuser else "none"
        )


@admin.register(Group)
class GroupAdmin(Noted, OfAdmins, DjangoGroupAdmin, ModelAdmin):
    """The roles. What each may is in the code, not in the permissions."""
