"""Plans with their versions, and the verbs that an operator has over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin

from billing import find, models, plans
from billing.admin.found import Found
from engine.audit.preview import Operated, action
from engine.core.readonly import ReadOnly, ReadOnlyInline


def _by_plan(verb: Callable[..., object]) -> Callable[..., object]:
    return lambda pk, **said: verb(plan_id=pk, **said)


class PlanVersions(ReadOnlyInline):
    model = models.PlanVersion
    fields = ("no", "price_minor", "currency", "interval_unit", "interval_count", "created_at")


@admin.register(models.Plan)
class PlanAdmin(Found, Operated):
    list_display = ("name", "creator", "number", "version_no", "active")
    list_filter = ("active",)
    list_select_related = ("creator",)
    search_help_text = "id or name of a plan or its creator, creator's wallet"
    finder = staticmethod(find.plans)
    inlines = (PlanVersions,)
    actions = (
        action("Deactivate", _by_plan(plans.deactivate_plan),
               "Nobody subscribes any more; its subscriptions are held when they are due."),
        action("Activate", _by_plan(plans.activate_plan),
               "Sold again; its held subscriptions go on from their next date, what was missed is skipped."),
    )  # fmt: skip


@admin.register(models.PlanVersion)
class PlanVersionAdmin(Found):
    list_display = ("plan", "no", "price_minor", "currency", "interval_count", "interval_unit", "created_at")
    list_select_related = ("plan",)

    def keys(self, term: str) -> set[Any]:
        of_plans = models.PlanVersion.objects.filter(plan_id__in=find.plans(term))
        return ReadOnly.keys(self, term) | set(of_plans.values_list("pk", flat=True))
