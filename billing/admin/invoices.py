"""Invoices with their lines and numbers. A draft can be released, nothing typed into."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q

from billing import find, models, operate
from billing.admin.found import Found, lists_of
from billing.models import Invoice
from engine.audit.preview import Operated, action
from engine.core import columns, money
from engine.core.actor import Role
from engine.core.listing import ByDay, Choice, one_of
from engine.core.readonly import ReadOnly, ReadOnlyInline, page_of


def _invoice_states() -> Iterable[Choice]:
    failed = Q(state="open", first_failed_at__isnull=False)
    held = Q(state="draft") & ~Q(held_reason="")
    found: list[Choice] = [(value, str(label), Q(state=value)) for value, label in Invoice.State.choices]
    return [("failed", "Open, a payment failed", failed), ("held", "Draft, held", held), *found]


class InvoiceLines(ReadOnlyInline):
    model = models.InvoiceLine
    fields = ("no", "description", "quantity", "unit_minor", "amount_minor")


@admin.register(Invoice)
class InvoiceAdmin(Found, Operated):
    list_display = (
        "label",
        "state",
        "subscription_id",
        "period_no",
        "period_start",
        "due",
        "collected",
        "why",
    )
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
        number = f"{invoice.series}{invoice.number}" if invoice.number else f"…{str(invoice.pk)[-12:]}"
        return columns.one_line(number)

    @admin.display(description="due")
    def due(self, invoice: Invoice) -> str:
        return columns.one_line(money.shown(invoice.due_minor, invoice.currency))

    @admin.display(description="collected")
    def collected(self, invoice: Invoice) -> str:
        return columns.one_line(money.shown(invoice.collected_minor, invoice.currency))

    @admin.display(description="why")
    def why(self, invoice: Invoice) -> str:
        return columns.cut(invoice.held_reason or invoice.reason)

    def links(self, row: Invoice) -> list[tuple[str, str]]:
        owner = ("subscription", page_of("billing_subscription", row.subscription_id))
        return [owner, ("customer", page_of("billing_customer", row.customer_id)),
                *lists_of(row.pk, "payments_payment", "engine_ledger_transfer", "engine_outbox_event"),
                self.audit(row.pk)]  # fmt: skip

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
