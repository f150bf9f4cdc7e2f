"""What a call to Stripe came to where it was no object: one place for faults, errors and refusals."""

from __future__ import annotations

from typing import Any

from engine.providers.base import FailureClass, Finding, Outcome, ProviderUnavailable
from engine.providers.edge.faults import Fault, Limited, NotSent
from engine.providers.stripe import words
from engine.providers.stripe.client import Refused, Unreadable
from engine.providers.stripe.reading import Odd, unknown

# Keys that a worker holds at this moment, or an object that Stripe is working on.
_BUSY_SECONDS = 2.0


def of_fault(fault: Fault) -> Finding:
    """What a call that was not answered proves: it did not leave, it was not begun, or nothing at all."""
    detail: dict[str, Any] = {"request_digest": fault.request_digest}
    if isinstance(fault, Limited) and fault.answer:
        detail = {"trace": fault.answer.trace}
    if isinstance(fault, Unreadable):
        detail = {"trace": fault.trace}
    if isinstance(fault, NotSent | Limited):
        return Finding(
            Outcome.NOT_LEFT, FailureClass.TECHNICAL, fault.code, fault.message,
            retry_seconds=fault.retry_seconds, detail=detail,
        )  # fmt: skip
    return unknown(fault.code, fault.message, retry_seconds=fault.retry_seconds, detail=detail)


def of_refused(refused: Refused, provider_ref: str = "") -> Finding:
    """What an error status proves. `provider_ref` is what the call was about, where it has a name."""
    finding = _of_status(refused)
    detail = {"trace": refused.trace, **_raw(refused), **finding.detail}
    return Finding(
        finding.outcome, finding.failure_class, finding.code, refused.message,
        provider_ref=provider_ref, retry_seconds=finding.retry_seconds, detail=detail,
    )  # fmt: skip


def unavailable(fault: Fault | Refused) -> ProviderUnavailable:
    """For whoever only reads, and learned nothing."""
    if isinstance(fault, Fault):
        return fault.unavailable()
    if _is_ours(fault):
        return ProviderUnavailable(
            "credentials_refused", f"Stripe refuses STRIPE_SECRET_KEY: {fault.message}"
        )
    return ProviderUnavailable("provider_error", f"Stripe answered {fault.status}: {fault.message}")


def odd(fault: Odd) -> ProviderUnavailable:
    """For whoever reads what nobody has an unknown state for."""
    return ProviderUnavailable("unreadable", f"Stripe's answer does not fit: {fault}")


def _of_status(refused: Refused) -> Finding:
    status, code = refused.status, refused.word("code")
    if status >= 500 or not refused.error:
        return unknown("server_error" if status >= 500 else "unreadable", "")
    if _is_ours(refused):
        return Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "credentials_refused")
    if code == "rate_limit":
        return Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "rate_limited", retry_seconds=_BUSY_SECONDS)
    if status == 409:
        return unknown(code or "conflict", "", retry_seconds=_BUSY_SECONDS)
    if refused.word("type") == "idempotency_error":
        # The key was used for something else: whatever that was, it may have acted.
        return unknown("key_reused", "", detail={"park": True})
    if status == 402 and refused.word("type") == "card_error":
        decline = refused.word("decline_code") or code
        return _declined(words.of_card(decline, refused.word("advice_code")), decline or "card_declined")
    if status in (400, 402, 403, 404):
        return _invalid(refused, code)
    return unknown("unreadable", "")


def _is_ours(refused: Refused) -> bool:
    """Our key is wrong, or may not do this: nothing was begun."""
    return refused.status == 401 or (refused.status == 403 and refused.word("code") not in words.REFUSED)


def _invalid(refused: Refused, code: str) -> Finding:
    gone = code == "resource_missing" and refused.word("param") in words.OF_THE_PAYER
    if gone or code == "payment_method_unexpected_state":
        return _declined(FailureClass.PAYER_ACTION, "payment_method_gone")
    if code in words.REFUSED:
        return _declined(FailureClass.HARD_DECLINE, code)
    if code == "balance_insufficient":
        return _declined(FailureClass.TECHNICAL, code)
    return _declined(FailureClass.TECHNICAL, "request_invalid")


def _declined(failure: FailureClass, code: str) -> Finding:
    return Finding(Outcome.DECLINED, failure, code)


def _raw(refused: Refused) -> dict[str, str]:
    """Stripe's own words, for whoever wants to know exactly."""
    names = ("type", "code", "decline_code", "advice_code", "param")
    return {f"stripe_{name}": refused.word(name) for name in names if refused.word(name)}
