"""What a fault or a status proves, whatever the version: the one table of errors (design 3, I4).

Nothing left, 429 and refused credentials speak for "nothing was begun". A timeout, a broken answer, 5xx and
words that no paper names prove nothing.
"""

from __future__ import annotations

from typing import Any

from engine.providers.base import FailureClass, Finding, Outcome
from engine.providers.edge.faults import Fault, Limited, NotSent
from engine.providers.edge.http import Answer


def of_fault(fault: Fault) -> Finding:
    """What is known of a send that got no answer, or 429."""
    detail: dict[str, Any] = {"request_digest": fault.request_digest}
    if isinstance(fault, Limited) and fault.answer:
        detail |= fault.answer.trace
    if isinstance(fault, NotSent | Limited):
        return Finding(
            Outcome.NOT_LEFT, FailureClass.TECHNICAL, fault.code, fault.message,
            retry_seconds=fault.retry_seconds, detail=detail,
        )  # fmt: skip
    return unknown(fault.code, fault.message, **detail)


def of_status(answer: Answer) -> Finding | None:
    """What a status says by itself; None where the body has to be read."""
    if answer.status in (401, 403):
        text = f"Flutterwave refused our credentials (HTTP {answer.status})"
        return Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "credentials_refused", text)
    if answer.status >= 500 or answer.status < 200 or 300 <= answer.status < 400 or answer.status == 408:
        return unknown(f"http_{answer.status}", f"Flutterwave answered HTTP {answer.status}")
    return None


def unknown(code: str, message: str, **detail: Any) -> Finding:
    """Nothing is proved."""
    return Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, code, message, detail=detail)


def declined(failure: FailureClass, code: str, message: str, **detail: Any) -> Finding:
    """Conclusively refused."""
    return Finding(Outcome.DECLINED, failure, code, message, detail=detail)


def missing(message: str, operation: str) -> Finding:
    """Looked for, and not there: which proves nothing by itself. Of refunds and transfers one page is read, and not
    every row shows our mark: of a charge alone a person may take it for gone (payments/absent.py)."""
    detail = {"not_seen": operation == "charge"}
    return Finding(Outcome.MISSING, FailureClass.UNKNOWN, "not_found", message, detail=detail)


def invalid(message: str, **detail: Any) -> Finding:
    """They say that our request can't be: nothing moved, and a person is asked if it stays so."""
    return declined(FailureClass.TECHNICAL, "request_invalid", message, **detail)
