"""What operators see of billing, and the verbs they have. Rows are only shown; verbs change them."""

from billing.admin import invoices, parties, plans, reports, subscriptions

__all__ = ["invoices", "parties", "plans", "reports", "subscriptions"]
