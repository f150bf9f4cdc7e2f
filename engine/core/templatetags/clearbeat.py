"""What our templates need of Python."""

from __future__ import annotations

from django import template
from django.urls import reverse

register = template.Library()

_PAGES = {
    "attempt": "payments_attempt",
    "evidence": "payments_evidence",
    "event": "engine_outbox_event",
    "transfer": "engine_ledger_transfer",
    "entry": "engine_audit_entry",
    "invoice": "billing_invoice",
}


@register.simple_tag
def page_of(kind: str, key: str) -> str:
    """The admin page of a timeline's row."""
    return reverse(f"admin:{_PAGES[kind]}_change", args=[key])
