"""What payments are for, for those below who know it by its kind and id alone."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from billing.models import Invoice


def sources_of(
    *, subscription: UUID | None = None, customer: UUID | None = None
) -> tuple[str, QuerySet[Invoice, UUID]]:
    """The kind of what a subscription, a customer, or a customer's subscription owes, and a query of its ids.

    Reads nothing; the query stands on one_invoice_per_period or invoices_of_customer.
    """
    given = {"subscription_id": subscription, "customer_id": customer}
    owed = Invoice.objects.filter(**{name: each for name, each in given.items() if each is not None})
    return "invoice", owed.values_list("pk", flat=True)
