"""The pages of other people's tables in our look, the scheduler's buttons, and the first page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest
from django_celery_beat import admin as beat
from django_celery_beat import models as timetable
from django_celery_results.models import GroupResult, TaskResult
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from engine.audit.act import note
from engine.audit.preview import Verbs, action
from engine.core.actor import Role
from engine.core.errors import Refusal
from engine.core.listing import ByDay
from engine.core.readonly import ModelAdmin, ReadOnly, actor
from ops import models, scheduler

for model in (User, Group, TaskResult, GroupResult, *vars(timetable).values()):
    if isinstance(model, type) and issubclass(model, Model) and admin.site.is_registered(model):
        admin.site.unregister(model)

admin.site.index_template = "clearbeat/front.html"


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


class Timetable(OfAdmins):
    seen = True


def _scheduler(verb: Callable[..., object]) -> Callable[..., object]:
    """The verb of the whole scheduler on the entry that stands for it."""

    def switch(pk: int, **said: Any) -> None:
        if not timetable.PeriodicTask.objects.filter(pk=pk, name=scheduler.ENTRIES[0]).exists():
            sentence = f"the scheduler is the entry {scheduler.ENTRIES[0]!r}: choose that one"
            raise Refusal("not_the_scheduler", sentence, param="scheduler")
        verb(**said)

    return switch


@admin.register(timetable.PeriodicTask)
class PeriodicTaskAdmin(Verbs, Noted, Timetable, beat.PeriodicTaskAdmin, ModelAdmin):
    """The timetable. What is edited here wins over the environment and is shown as edited by sync_schedule."""

    change_form_outer_before_template = "clearbeat/before.html"
    actions = (
        action("Stop the scheduler", _scheduler(scheduler.stop), role=Role.ADMIN,
               promise="Beat bills nothing by itself until it is started; what is scheduled already goes on."),
        action("Start the scheduler", _scheduler(scheduler.start), role=Role.ADMIN,
               promise="Beat bills what is due again, what was missed since included."),
    )  # fmt: skip


for _model in (
    timetable.IntervalSchedule,
    timetable.CrontabSchedule,
    timetable.SolarSchedule,
    timetable.ClockedSchedule,
):
    _base = getattr(beat, f"{_model.__name__}Admin", ModelAdmin)
    admin.register(_model)(type(f"{_model.__name__}Admin", (Noted, Timetable, _base, ModelAdmin), {}))


def _in_flower(task_id: str) -> list[tuple[str, str]]:
    address = settings.ENV.flower_url.rstrip("/")
    return [("its task in Flower", f"{address}/task/{task_id}")] if address and task_id else []


class Results(ReadOnly):
    """Result rows of batch tasks: counts, no payloads."""

    ids = ()

    def links(self, row: Any) -> list[tuple[str, str]]:
        return _in_flower(getattr(row, "task_id", ""))

    def keys(self, term: str) -> set[Any]:
        key = "task_id" if self.model is TaskResult else "group_id"
        return set(self.model._default_manager.filter(**{key: term}).values_list("pk", flat=True))


@admin.register(TaskResult)
class TaskResultAdmin(Results):
    list_display = ("task_id", "task_name", "date_done", "status", "worker", "result")
    search_help_text = "task id"


@admin.register(GroupResult)
class GroupResultAdmin(Results):
    list_display = ("group_id", "date_done")
    search_help_text = "group id"


@admin.register(models.Job)
class JobAdmin(ReadOnly):
    list_display = ("id", "kind", "state", "asked_by", "reason", "created_at", "ended_at", "error")
    list_filter = ("state", "kind", ByDay)
    search_help_text = "id of a job"

    def links(self, row: models.Job) -> list[tuple[str, str]]:
        return _in_flower(row.task_id)


@admin.register(models.Heartbeat)
class HeartbeatAdmin(ReadOnly):
    """Signs of life."""

    list_display = ("name", "seen_at", "host")
    search_fields = ()
