"""Doors of billing over HTTP: customers, creators, plans, subscriptions and invoices under /api/."""
