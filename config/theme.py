"""The admin's looks: what stands in the sidebar, in the order of an operator's day."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse_lazy

_GROUPS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    ("Money", (
        ("Payments", "payments", "payments_payment"),
        ("Attempts", "send", "payments_attempt"),
        ("Evidence", "fact_check", "payments_evidence"),
        ("Cases", "gavel", "payments_case"),
        ("Payment methods", "credit_card", "payments_paymentmethod"),
    )),
    ("Billing", (
        ("Subscriptions", "autorenew", "billing_subscription"),
        ("Invoices", "receipt_long", "billing_invoice"),
        ("Customers", "group", "billing_customer"),
        ("Creators", "storefront", "billing_creator"),
        ("Plans", "sell", "billing_plan"),
        ("Daily reports", "bar_chart", "billing_dailyreport"),
    )),
    ("Books", (
        ("Accounts", "account_balance", "engine_ledger_account"),
        ("Transfers", "swap_horiz", "engine_ledger_transfer"),
        ("Events", "outbox", "engine_outbox_event"),
        ("Audit", "policy", "engine_audit_entry"),
    )),
    ("Running", (
        ("Kill switch", "emergency_home", "payments_killswitch"),
        ("Providers", "power", "payments_providerswitch"),
        ("Timetable", "schedule", "django_celery_beat_periodictask"),
        ("Jobs", "work", "ops_job"),
        ("Task results", "checklist", "django_celery_results_taskresult"),
        ("People", "person", "auth_user"),
    )),
)  # fmt: skip


def unfold(*, flower_url: str) -> dict[str, Any]:
    """UNFOLD of settings. Flower is linked where its address is known."""
    groups = [
        {"title": title, "items": [_item(*line) for line in lines], "separator": True, "collapsible": False}
        for title, lines in _GROUPS
    ]
    first = {"title": "Today", "icon": "home", "link": reverse_lazy("admin:index")}
    flower = {"title": "Flower (queue)", "icon": "local_florist", "link": flower_url}
    groups.insert(0, {"items": [first, *([flower] if flower_url else [])]})
    return {
        "SITE_TITLE": "Clearbeat", "SITE_HEADER": "Clearbeat", "SITE_SYMBOL": "monitor_heart", "SITE_URL": None,
        "SHOW_HISTORY": False, "SHOW_VIEW_ON_SITE": False, "SHOW_BACK_BUTTON": True,
        "ENVIRONMENT": "config.theme.environment", "DASHBOARD_CALLBACK": "ops.front.front",
        "SIDEBAR": {"show_search": False, "show_all_applications": True, "navigation": groups},
    }  # fmt: skip


def environment(request: object) -> list[str]:
    """The label beside the title: whether this is real money."""
    return ["Live", "danger"] if settings.ENV.livemode else ["Test", "info"]


def _item(title: str, icon: str, model: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist")}
