"""The documents of the OpenAPI's examples. tests/payments_api/test_schema.py holds them to the shapes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

_HEX = "0198c0de00007000800000000000000"
_AT, _SENT, _PAID = "2026-01-31T09:30:00Z", "2026-01-31T09:30:02Z", "2026-01-31T09:30:14Z"
_WALLET = "4Nd1mYvM2fKQmE1bqkXW3gVnQyG1r2yqHjv5u5w6k7ZQ"
_SIGNATURE = "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQ"
_FINE = {"failure_class": "", "failure_code": "", "failure_message": ""}

METHOD: dict[str, Any] = {
    "id": f"pm_{_HEX}6", "object": "payment_method", "livemode": False, "customer": f"cus_{_HEX}1",
    "provider": "solana_delegate", "currency": "USDC", "state": "active", "default": False, "label": {},
    "setup": None, "wallet": _WALLET,
    "token_account": "7vYkq8pC5nP3Qk9rT2wE6uI1oA4sD8fG3hJ5kL7zX9cV",
    "mint": "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
    "checked_at": _AT, "check_code": "", "check_message": "", "balance_minor": 90000000, "balance": "90.000000",
    "allowance_minor": 150000000, "allowance": "150.000000", "metadata": {"card": "home"},
    "created_at": _AT,
}  # fmt: skip
APPROVAL: dict[str, Any] = {
    "transaction": "AQAAAAAAAAABAAIDAAAA", "currency": "USDC", "amount_minor": 150000000, "amount": "150.000000",
    "kept_minor": 0, "kept": "0.000000", "replaces": None, "replaces_foreign": False,
}  # fmt: skip
_UNCHECKED = {
    "checked_at": None,
    "balance_minor": None,
    "balance": None,
    "allowance_minor": None,
    "allowance": None,
}
METHOD_ASKED: dict[str, Any] = {**METHOD, **_UNCHECKED, "state": "pending", "approval": APPROVAL}
_SETUP = {"kind": "hosted_fields", "url": "", "expires_at": "2026-02-01T09:30:00Z"}
CARD: dict[str, Any] = {
    **METHOD, **_UNCHECKED, "provider": "stripe", "currency": "USD", "wallet": "", "token_account": "", "mint": "",
    "label": {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2030}, "setup": _SETUP,
    "checked_at": _AT,
}  # fmt: skip
CARD_ASKED: dict[str, Any] = {
    **CARD, "state": "pending", "label": {}, "checked_at": None, "approval": None,
    "setup": {**_SETUP, "public_key": "pk_test_for_the_payers_browser",
              "client_secret": "seti_1Nx_secret_of_the_gateway_for_the_payers_browser"},
}  # fmt: skip
NEW_CARD: dict[str, Any] = {
    "customer": METHOD["customer"], "provider": "stripe", "currency": "USD",
    "return_url": "https://shop.example.com/cards",
}  # fmt: skip
NEW_METHOD: dict[str, Any] = {
    "customer": METHOD["customer"], "wallet": _WALLET, "currency": "USDC", "add_minor": 150000000,
    "metadata": METHOD["metadata"],
}  # fmt: skip
ATTEMPT: dict[str, Any] = {
    **_FINE, "id": f"att_{_HEX}9", "object": "attempt", "livemode": False, "payment": f"pay_{_HEX}8", "no": 1,
    "provider": "solana_delegate", "identity": _SIGNATURE, "state": "succeeded", "sends": 1, "created_at": _SENT,
    "resolved_at": _PAID,
}  # fmt: skip
EVIDENCE: dict[str, Any] = {
    "id": f"evd_{_HEX}a", "object": "evidence", "livemode": False, "attempt": ATTEMPT["id"],
    "payment": ATTEMPT["payment"], "source": "lookup", "send": 1, "outcome": "succeeded", "failure_class": "",
    "code": "", "message": "", "provisional": False, "provider_ref": _SIGNATURE, "movement_id": _SIGNATURE,
    "currency": "USDC", "gross_minor": 12500000, "gross": "12.500000", "fee_minor": 312500, "fee": "0.312500",
    "network_fee_minor": 5000, "network_fee": "0.000005000", "network_currency": "SOL", "detail": {"slot": 391},
    "verdict": "succeeded", "observed_at": _PAID, "applied_at": _PAID,
}  # fmt: skip
ATTEMPT_WHOLE: dict[str, Any] = {**ATTEMPT, "evidence": [EVIDENCE], "evidence_has_more": False}
LISTED: dict[str, Any] = {
    **_FINE, "id": ATTEMPT["payment"], "object": "payment", "livemode": False, "operation": "charge",
    "provider": "solana_delegate", "source": {"object": "invoice", "id": f"inv_{_HEX}7"}, "no": 1,
    "payment_method": METHOD["id"], "state": "succeeded", "sentence": None, "currency": "USDC",
    "amount_minor": 12500000, "amount": "12.500000", "fee_minor": 312500, "fee": "0.312500",
    "settled_minor": 12500000, "settled": "12.500000", "refunding_minor": 0, "refunding": "0.000000",
    "refunded_minor": 0, "refunded": "0.000000",
    "disputed_minor": 0, "disputed": "0.000000", "settlement": "direct", "waiting": "", "action": None,
    "parked_at": None, "parked_reason": "", "next_action_at": None, "provisional_at": None, "due_at": _AT,
    "grace_until": "2026-02-03T09:30:00Z", "clock_id": 0, "correlation_id": None, "created_at": _AT,
    "ended_at": _PAID, "attempts": None,
}  # fmt: skip
PAYMENT: dict[str, Any] = {
    **LISTED, "sentence": "Paid: 12.500000 USDC moved, final at 2026-01-31 09:30:14 UTC.", "attempts": [ATTEMPT],
}  # fmt: skip
ACCEPTED: dict[str, Any] = {
    **LISTED, "state": "scheduled", "settled_minor": 0, "settled": "0.000000", "ended_at": None, "attempts": [],
    "next_action_at": _SENT, "sentence": "Due now; a worker sends it within seconds.", "job": f"job_{_HEX}8",
}  # fmt: skip
PUT_AN_END: dict[str, Any] = {
    **PAYMENT, "state": "canceled", "settled_minor": 0, "settled": "0.000000", "failure_code": "amount_differs",
    "failure_message": "9.000000 USDC arrived, not 12.500000",
    "sentence": "Canceled at 2026-01-31 09:30:14 UTC: 9.000000 USDC arrived, not 12.500000. What arrived is in "
    "suspense.",
}  # fmt: skip
TIMELINE: dict[str, Any] = {
    "object": "timeline", "payment": PAYMENT["id"], "data": [
        {"at": _SENT, "kind": "attempt", "title": "attempt 1 by solana_delegate", "detail": "succeeded",
         "ids": {"attempt": ATTEMPT["id"]}},
    ],
}  # fmt: skip
CASE: dict[str, Any] = {
    "id": f"case_{_HEX}b", "object": "case", "livemode": False, "kind": "paid_after_close",
    "payment": PAYMENT["id"], "attempt": ATTEMPT["id"], "sentence": "late: paid after it had been given up",
    "opened_at": _PAID, "closed_at": None, "closed_by": "", "resolution": "",
}  # fmt: skip
CASE_CLOSED: dict[str, Any] = {
    **CASE, "closed_at": "2026-02-03T10:00:00Z", "closed_by": "key:cb_test_Qm7Lw2 ada",
    "resolution": "sent back to the payer",
}  # fmt: skip
CASE_APPLIED: dict[str, Any] = {
    **CASE_CLOSED, "kind": "amount_differs", "sentence": "900 USDC arrived where 1000 USDC was asked",
    "resolution": "0.000900 USDC applied: the payer agreed to pay the rest next month",
}  # fmt: skip
CASE_RETURNED: dict[str, Any] = {
    **CASE_APPLIED,
    "resolution": "0.000900 USDC returned: sent back on 3 February",
}
CASE_LEFT: dict[str, Any] = {
    **CASE_CLOSED, "kind": "given_and_taken", "resolution": "it left once: iPaymu shows our own transfer",
    "sentence": "It was paid, and iPaymu gave it back. It had left before, by hand or by a dispute: a person says "
    "whether both are one movement, or it left twice",
}  # fmt: skip
REFUND: dict[str, Any] = {
    "id": f"ref_{_HEX}d", "object": "refund", "livemode": False, "payment": ATTEMPT["payment"], "no": 1,
    "state": "requested", "carried_out_by": f"pay_{_HEX}e", "attempt": None,
    "currency": "EUR", "amount_minor": 500, "amount": "5.00",
    "fee_minor": 12, "fee": "0.12", "reason": "half of the month was lost", "failure_code": "", "failure_message": "",
    "created_by": "ada", "case": None, "reference": "", "recorded_by": "", "metadata": {"ticket": "A-17"},
    "created_at": _AT, "ended_at": None,
}  # fmt: skip
REFUND_LISTED: dict[str, Any] = {**REFUND, "state": "succeeded", "carried_out_by": None, "ended_at": _PAID}
REFUND_CANCELED: dict[str, Any] = {
    **REFUND, "state": "canceled", "failure_code": "canceled", "failure_message": "the customer keeps it",
    "ended_at": _PAID,
}  # fmt: skip
REFUND_RECORDED: dict[str, Any] = {
    **REFUND, "state": "succeeded", "carried_out_by": None, "case": f"case_{_HEX}b", "reference": "SEPA 4711",
    "recorded_by": "ada", "ended_at": _PAID,
}  # fmt: skip
DISPUTE: dict[str, Any] = {
    "id": f"dsp_{_HEX}f", "object": "dispute", "livemode": False, "payment": ATTEMPT["payment"], "provider": "stripe",
    "dispute_ref": "du_1", "state": "open", "currency": "EUR", "amount_minor": 1250, "amount": "12.50",
    "cost_minor": 1500, "cost": "15.00", "reason": "fraudulent", "case": f"case_{_HEX}b", "opened_at": _AT,
    "evidence_due_at": "2026-02-09T23:59:59Z", "looked_at": _PAID, "created_at": _SENT, "ended_at": None,
}  # fmt: skip
NEW_REFUND: dict[str, Any] = {
    "payment": ATTEMPT["payment"], "amount_minor": 500, "reason": REFUND["reason"], "metadata": REFUND["metadata"],
}  # fmt: skip
SENDING: dict[str, Any] = {"object": "sending", "livemode": False, "sending": True, "reason": ""}
PROVIDER: dict[str, Any] = {
    "object": "provider", "livemode": False, "name": "solana_delegate", "paused": False, "reason": "",
    "concurrency": 64, "operations": ["charge"], "currencies": ["USDC", "SOL"], "public_key": "",
}  # fmt: skip


def sent(value: dict[str, Any], name: str = "request") -> OpenApiExample:
    """What a caller sends."""
    return OpenApiExample(name, value, request_only=True)


def shown(value: dict[str, Any], status: int = 200, name: str = "answer") -> OpenApiExample:
    """What they are answered."""
    return OpenApiExample(name, value, response_only=True, status_codes=[str(status)])


def listed(value: dict[str, Any]) -> OpenApiExample:
    """A page with that in it."""
    page = {"object": "list", "data": [value], "has_more": False, "next_cursor": None, "next": None}
    return OpenApiExample("page", page, response_only=True, status_codes=["200"])
