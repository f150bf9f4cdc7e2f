"""What operators see of billing, and the verbs they have. Rows are only shown; verbs change them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q

from billing import find, models, operate, plans, resume, stop, story, trigger
from billing.models import Invoice, Subscription
from engine.audit.preview import Operated, action
from engine.core import money
from engine.core.actor import Role
from engine.core.listing import ByDay, Choice, one_of
from engine.core.readonly import ReadOnly, ReadOnlyInline, list_of, page_of
from engine.core.timeline import Moment


def _by_plan(verb: Callable[..., object]) -> Callable[..., object]:
    return lambda pk, **said: verb(plan_id=pk, **said)


def _subscription_states() -> Iterable[Choice]:
    found: list[Choice] = [(value, str(label), Q(state=value)) for value, label in Subscription.State.choices]
    return [("held", "Held", ~Q(held_code="")), *found]


def _due() -> Iterable[Choice]:
    return [(str(hours), label, partial(find.due_within, hours)) for hours, label in _SPANS]


_SPANS = ((0, "now or overdue"), (24, "in 24 hours"), (168, "in 7 days"))


def _invoice_states() -> Iterable[Choice]:
    failed = Q(state="open", first_failed_at__isnull=False)
    held = Q(state="draft") & ~Q(held_reason="")
    found: list[Choice] = [(value, str(label), Q(state=value)) for value, label in Invoice.State.choices]
    return [("failed", "Open, a payment failed", failed), ("held", "Draft, held", held), *found]


class Found(ReadOnly):
    """A page whose rows are found by the words of billing/find.py."""

    finder: Callable[[str], set[UUID]] = staticmethod(find.customers)

    def keys(self, term: str) -> set[Any]:
        return type(self).finder(term)


class PlanVersions(ReadOnlyInline):
    model = models.PlanVersion
    fields = ("no", "price_minor", "currency", "interval_unit", "interval_count", "created_at")


class InvoiceLines(ReadOnlyInline):
    model = models.InvoiceLine
    fields = ("no", "description", "quantity", "unit_minor", "amount_minor")


def _lists(key: object, *tables: str) -> list[tuple[str, str]]:
    """Links to the lists of what the key names, by the table's own word."""
    return [(f"{table.rpartition('_')[2]}s", list_of(table, key)) for table in tables]


@admin.register(models.Customer)
class CustomerAdmin(Found):
    list_display = ("name", "email", "wallet", "zone", "clock_id", "created_at")
    list_filter = (ByDay,)
    search_help_text = "id, wallet or e-mail"

    def links(self, row: models.Customer) -> list[tuple[str, str]]:
        return _lists(
            row.pk, "billing_subscription", "billing_invoice", "payments_payment", "payments_paymentmethod"
        )


@admin.register(models.Creator)
class CreatorAdmin(Found):
    list_display = ("name", "wallet", "fee_bps", "created_at")
    search_help_text = "id, wallet or a part of the name"
    finder = staticmethod(find.creators)


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


@admin.register(Subscription)
class SubscriptionAdmin(Found, Operated):
    list_display = ("id", "customer", "plan", "state", "next_due_at", "period_no", "payments_made",
                    "payments_failed", "reason", "held_reason")  # fmt: skip
    list_filter = (one_of("state", "state", _subscription_states), one_of("due", "due", _due), ByDay)
    list_select_related = ("customer", "plan")
    search_help_text = "id of a subscription, customer or invoice; wallet, e-mail, invoice number"
    finder = staticmethod(find.subscriptions)
    actions = (
        action("Trigger", trigger.trigger, "The period that is due is billed now, and what is open is asked for."),
        action("Pause", stop.pause, "Nothing is billed until somebody resumes; what was not sent is called back."),
        action("Resume", resume.resume, "Billed again from the next date; what the pause covered is skipped."),
        action("Automatic payment off", lambda pk, **said: stop.set_auto_pay(pk, on=False, **said),
               "Billed as before; nothing is collected until somebody triggers it or turns it on."),
        action("Automatic payment on", lambda pk, **said: stop.set_auto_pay(pk, on=True, **said),
               "Collected by itself again, what is open included."),
        action("Cancel", stop.cancel, "Ends now; what was not sent is called back, what is owed stays visible."),
        action("Release and bill what was missed", operate.release_held,
               "Each held one goes on, and every period it missed is billed.", role=Role.APPROVER),
        action("Release and skip what was missed", operate.skip_missed,
               "Each held one goes on from its next date; what it missed is never billed.", role=Role.APPROVER),
    )  # fmt: skip

    def links(self, row: Subscription) -> list[tuple[str, str]]:
        customer = ("customer", page_of("billing_customer", row.customer_id))
        plan = ("plan", page_of("billing_plan", row.plan_id))
        return [customer, plan, *_lists(row.pk, "billing_invoice", "payments_payment")]

    def worth(self, row: Subscription) -> tuple[str, int]:
        return row.plan_version.currency, row.plan_version.price_minor

    def sentence(self, row: Subscription) -> str:
        return story.sentence(row)

    def timeline(self, row: Subscription) -> list[Moment]:
        return story.timeline(row.pk)


@admin.register(Invoice)
class InvoiceAdmin(Found, Operated):
    list_display = ("label", "state", "subscription_id", "period_no", "period_start", "due", "collected",
                    "reason", "held_reason")  # fmt: skip
    list_filter = (one_of("state", "state", _invoice_states), ByDay)
    search_help_text = "id or number of an invoice, id of a subscription or customer, wallet, e-mail"
    finder = staticmethod(find.invoices)
    inlines = (InvoiceLines,)
    actions = (
        action("Release draft", operate.release_draft, "Each held draft is offered to finalize again.",
               role=Role.APPROVER),
    )  # fmt: skip

    @admin.display(description="invoice")
    def label(self, invoice: Invoice) -> str:
        return f"{invoice.series}{invoice.number}" if invoice.number else f"({invoice.pk})"

    @admin.display(description="due")
    def due(self, invoice: Invoice) -> str:
        return money.shown(invoice.due_minor, invoice.currency)

    @admin.display(description="collected")
    def collected(self, invoice: Invoice) -> str:
        return money.shown(invoice.collected_minor, invoice.currency)

    def links(self, row: Invoice) -> list[tuple[str, str]]:
        owner = ("subscription", page_of("billing_subscription", row.subscription_id))
        return [owner, ("customer", page_of("billing_customer", row.customer_id)),
                *_lists(row.pk, "payments_payment", "engine_ledger_transfer", "engine_outbox_event")]  # fmt: skip

    def worth(self, row: Invoice) -> tuple[str, int]:
        return row.currency, row.due_minor


@admin.register(models.InvoiceLine)
class InvoiceLineAdmin(Found):
    list_display = ("invoice_id", "no", "description", "quantity", "unit_minor", "amount_minor")
    list_filter = (ByDay,)
    search_help_text = "id of a line, or what names its invoice"

    def keys(self, term: str) -> set[Any]:
        of_invoices = models.InvoiceLine.objects.filter(invoice_id__in=find.invoices(term))
        return ReadOnly.keys(self, term) | set(of_invoices.values_list("pk", flat=True))


@admin.register(models.NumberSeries)
class NumberSeriesAdmin(ReadOnly):
    list_display = ("series", "last")
    search_fields = ()


@admin.register(models.DailyReport)
class DailyReportAdmin(ReadOnly):
    list_display = ("day", "currency", "succeeded", "succeeded_minor", "failed", "canceled", "fee_minor",
                    "average_seconds")  # fmt: skip
    date_hierarchy = "day"
    search_fields = ()
