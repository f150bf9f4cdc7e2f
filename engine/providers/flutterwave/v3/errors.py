"""Version 3's envelope of errors: `{"status": "error", "message", "data"}`, where the sentence is all there is."""

from __future__ import annotations

from typing import Any

from engine.providers.base import FailureClass, Finding
from engine.providers.flutterwave import findings, words
from engine.providers.flutterwave.dialect import Sent

_USED = ("duplicate", "already_exists", "already_exist", "been_used")
_MISSING = ("no_transaction", "not_found", "no_transfer", "no_refund")
_BANK = ("insufficient", "honor", "declined", "expired", "fraud", "stolen", "restricted", "not_permitted")


def finding(body: Any, status: int, sent: Sent) -> Finding:
    """What a 4xx proves. Pure; one without the envelope proves nothing."""
    message = _sentence(body)
    if not message:
        return findings.unknown("unreadable", f"HTTP {status} without an error of Flutterwave's")
    code = words.snake(message)
    if status == 409 or any(word in code for word in _USED):
        return findings.unknown("duplicate_reference", message)
    if status not in (400, 404, 422):
        return findings.unknown(f"http_{status}", message)
    if sent.operation == "charge":
        return _of_charge(code, message)
    if "insufficient" in code:
        return findings.declined(FailureClass.TECHNICAL, "balance_too_small", message)
    if sent.operation == "refund":
        return findings.declined(FailureClass.HARD_DECLINE, "refund_refused", message)
    if "blacklist" in code:
        return findings.declined(FailureClass.HARD_DECLINE, "account_blacklisted", message)
    return findings.invalid(message)


def says_missing(body: Any) -> bool:
    """Whether it says that there is no such object."""
    code = words.snake(_sentence(body))
    return any(word in code for word in _MISSING)


def _of_charge(code: str, message: str) -> Finding:
    """A bank's refusal may come as a 400 as well."""
    if any(word in code for word in _BANK):
        kind, known = words.of_card(message)
        return findings.declined(kind, known, message, processor_response=message[:200])
    if "token" in code:
        return findings.declined(FailureClass.TECHNICAL, "object_unknown", message)
    return findings.invalid(message)


def _sentence(body: Any) -> str:
    """Their message, where the envelope is theirs; else ""."""
    if not isinstance(body, dict) or body.get("status") != "error":
        return ""
    message = body.get("message")
    return message if isinstance(message, str) else ""
