"""Version 4's envelope of errors: `{"status": "failed", "error": {"type", "code", "message", …}}`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.providers.base import FailureClass, Finding, Outcome, Sendable
from engine.providers.flutterwave import findings
from engine.providers.flutterwave.dialect import Row, Sent
from engine.providers.flutterwave.words import snake

_TECHNICAL, _HARD, _SOFT = FailureClass.TECHNICAL, FailureClass.HARD_DECLINE, FailureClass.SOFT_DECLINE
# It may have been done all the same: only a look tells.
_UNPROVED = {
    "10409": "duplicate_reference",
    "1100409": "duplicate_reference",
    "1111400": "duplicate_reference",
    "10500": "their_fault",
    "1105500": "their_fault",
    "1107500": "their_fault",
    "1119500": "their_fault",
}
_REFUSED = {
    "10400": (_TECHNICAL, "request_invalid"),
    "10404": (_TECHNICAL, "object_unknown"),
    "10422": (_TECHNICAL, "request_invalid"),
    "1125400": (_TECHNICAL, "currency_refused"),
    "1130400": (_TECHNICAL, "amount_too_small"),
    "1134422": (_HARD, "expired_card"),
    "1140400": (_SOFT, "not_successful"),
    "1401400": (_HARD, "refund_refused"),
    "1401404": (_HARD, "refund_refused"),
    "1402400": (_TECHNICAL, "balance_too_small"),
    "1403400": (_HARD, "refund_refused"),
    "1404400": (_HARD, "refund_refused"),
}
_BALANCE = "insufficient_balance"


def finding(body: Any, status: int, sent: Sent) -> Finding:
    """What a 4xx proves. Pure; one without the envelope proves nothing."""
    error = body.get("error") if isinstance(body, dict) and body.get("status") == "failed" else None
    if not isinstance(error, dict):
        return findings.unknown("unreadable", f"HTTP {status} without an error of Flutterwave's")
    code, message = str(error.get("code", "")), str(error.get("message") or error.get("type") or status)
    raw = {"error": {"type": str(error.get("type", ""))[:100], "code": code[:20], "fields": _fields(error)}}
    if code in _UNPROVED or status == 409:
        return findings.unknown(_UNPROVED.get(code, "duplicate_reference"), message, **raw)
    if snake(error.get("type", "")) == _BALANCE:
        found = findings.declined(_TECHNICAL, "balance_too_small", message, **raw)
    elif code in _REFUSED:
        failure, known = _REFUSED[code]
        found = findings.declined(failure, known, message, **raw)
    elif status in (400, 404, 422):
        found = findings.invalid(message, **raw)
    else:
        return findings.unknown(f"http_{status}", message, **raw)
    return _of_this_send(found, sent)


def _of_this_send(found: Finding, sent: Sent) -> Finding:
    """A refusal of a later send says nothing of an earlier one, which may be why: it took what is missing now."""
    if isinstance(sent, Sendable) and sent.send_no > 1:
        return replace(found, outcome=Outcome.UNKNOWN, failure_class=FailureClass.UNKNOWN)
    return found


def _fields(error: Row) -> list[str]:
    """The names of the fields that did not fit; what stood in them is not kept."""
    found = error.get("validation_errors")
    rows = found if isinstance(found, list) else []
    return [str(row.get("field_name"))[:60] for row in rows[:10] if isinstance(row, dict)]
