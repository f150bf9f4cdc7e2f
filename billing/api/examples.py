"""The documents of the OpenAPI's examples. tests/billing_api/test_schema.py holds them to the shapes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

_HEX = "0198c0de00007000800000000000000"
_AT = "2026-01-31T09:30:00Z"
_TERMS = {
    "price_minor": 12500000, "price": "12.500000", "currency": "USDC", "interval_unit": "month", "interval_count": 1,
}  # fmt: skip
_WALLET = "4Nd1mYvM2fKQmE1bqkXW3gVnQyG1r2yqHjv5u5w6k7ZQ"

CUSTOMER: dict[str, Any] = {
    "id": f"cus_{_HEX}1", "object": "customer", "livemode": False, "name": "Ada Okafor", "email": "ada@example.com",
    "wallet": _WALLET, "zone": "Africa/Lagos", "metadata": {"order": "A-17"}, "created_at": _AT,
}  # fmt: skip
CREATOR: dict[str, Any] = {
    "id": f"cre_{_HEX}2", "object": "creator", "livemode": False, "name": "Studio Nine", "wallet": _WALLET,
    "fee_bps": 250, "metadata": {}, "created_at": _AT,
}  # fmt: skip
PLAN: dict[str, Any] = {
    "id": f"plan_{_HEX}3", "object": "plan", "livemode": False, "creator": CREATOR["id"], "number": 1, "name": "Pro",
    "active": True, "version": 1, **_TERMS, "metadata": {}, "created_at": _AT,
}  # fmt: skip
PLAN_VERSION: dict[str, Any] = {
    "id": f"pv_{_HEX}4", "object": "plan_version", "livemode": False, "plan": PLAN["id"], "version": 2, **_TERMS,
    "created_at": _AT,
}  # fmt: skip
SUBSCRIPTION: dict[str, Any] = {
    "id": f"sub_{_HEX}5", "object": "subscription", "livemode": False, "customer": CUSTOMER["id"],
    "creator": CREATOR["id"], "plan": PLAN["id"], "plan_version": 1, "payment_method": f"pm_{_HEX}6",
    "state": "active", "auto_pay": True, "service_name": "Newsletter", **_TERMS, "anchor_at": _AT,
    "zone": "Africa/Lagos", "period_no": 1, "next_due_at": "2026-02-28T09:30:00Z", "ends_at": None, "held_code": "",
    "held_reason": "", "reason_code": "", "reason": "", "payments_made": 1, "payments_failed": 0,
    "last_payment_at": "2026-01-31T09:30:12Z", "metadata": {}, "created_at": _AT, "ended_at": None,
}  # fmt: skip
STOPPED: dict[str, Any] = {
    **SUBSCRIPTION, "state": "canceled", "next_due_at": None, "ended_at": "2026-02-02T08:00:00Z",
    "reason_code": "canceled", "reason": "asked by mail", "called_back": [f"inv_{_HEX}7"], "in_flight": [],
}  # fmt: skip
TRIGGERED: dict[str, Any] = {
    "object": "trigger", "livemode": False, "subscription": SUBSCRIPTION["id"], "jobs": [f"job_{_HEX}8"],
    "invoices": [f"inv_{_HEX}7"], "without_payment": [],
}  # fmt: skip
INVOICE: dict[str, Any] = {
    "id": f"inv_{_HEX}7", "object": "invoice", "livemode": False, "number": "INV-17",
    "subscription": SUBSCRIPTION["id"], "customer": CUSTOMER["id"], "creator": CREATOR["id"], "state": "paid",
    "period_no": 0, "period_start": _AT, "period_end": "2026-02-28T09:30:00Z", "currency": "USDC",
    "due_minor": 12500000, "due": "12.500000", "collecting_minor": 0, "collecting": "0.000000",
    "collected_minor": 12500000, "collected": "12.500000", "refunded_minor": 0, "refunded": "0.000000",
    "held_reason": "", "reason_code": "", "reason": "",
    "first_failed_at": None, "created_at": _AT, "issued_at": _AT, "paid_at": "2026-01-31T09:30:12Z",
    "lines": [{"no": 1, "description": "Pro, 2026-01-31 to 2026-02-28", "quantity": 1, "unit_minor": 12500000,
               "amount_minor": 12500000, "amount": "12.500000"}],
    "payments": [f"pay_{_HEX}8"],
}  # fmt: skip
REPLACEMENT: dict[str, Any] = {"replacement": f"pm_{_HEX}9", "reason": "a new card"}
REPLACED: dict[str, Any] = {
    "id": REPLACEMENT["replacement"], "object": "payment_method", "livemode": False, "customer": CUSTOMER["id"],
    "provider": "stripe", "currency": "USD", "state": "active", "default": True,
    "label": {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2030},
    "setup": {"kind": "hosted_fields", "url": "", "expires_at": "2026-02-01T09:30:00Z"}, "wallet": "",
    "token_account": "", "mint": "", "checked_at": _AT, "check_code": "", "check_message": "", "balance_minor": None,
    "balance": None, "allowance_minor": None, "allowance": None, "metadata": {}, "created_at": _AT,
    "subscriptions": [SUBSCRIPTION["id"]], "in_flight": [],
}  # fmt: skip


def sent(value: dict[str, Any], name: str = "request") -> OpenApiExample:
    """What a caller sends."""
    return OpenApiExample(name, value, request_only=True)


def shown(value: dict[str, Any], status: int = 200) -> OpenApiExample:
    """What they are answered."""
    return OpenApiExample("answer", value, response_only=True, status_codes=[str(status)])


def listed(value: dict[str, Any]) -> OpenApiExample:
    """A page with that in it."""
    page = {"object": "list", "data": [value], "has_more": False, "next_cursor": None, "next": None}
    return OpenApiExample("page", page, response_only=True, status_codes=["200"])
