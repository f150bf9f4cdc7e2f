"""What a call that was not accepted proves of the money: one place for all operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.providers.base import FailureClass, Finding, Outcome, ProviderUnavailable
from engine.providers.edge.faults import Fault, Limited, NotSent
from engine.providers.paystack import words
from engine.providers.paystack.client import KeyRefused, Refused, Said, Unclear

# Something may stand under our name from an earlier send: what it is, a look-up tells.
USED_BEFORE = ("duplicate_reference", "refused_again")
NOT_ALLOWED = "Paystack refuses PAYSTACK_SECRET_KEY, or the address we call from"


def of(fault: Fault, *, send_no: int = 1) -> Finding:
    """The finding of a call that may move money and got no acceptance.

    Refused in Paystack's own words: declined, if it was the first send; a later one speaks for itself alone, and what
    went before it under the same name may have been done. Nothing left, a limit, wrong credentials: not left. Anything
    else may have been acted upon: unknown, and only a look-up tells.
    """
    detail = traced(fault)
    if isinstance(fault, Refused):
        kind, code = words.refusal(fault.code, fault.message)
        if fault.duplicate:
            return unknown("duplicate_reference", "the reference was used before", detail)
        if send_no > 1:
            return unknown("refused_again", f"sent again, it was refused: {fault.message}", detail)
        return Finding(Outcome.DECLINED, kind, code, fault.message, detail=detail)
    if isinstance(fault, KeyRefused):
        return not_left("credentials_refused", f"{NOT_ALLOWED}: {fault.message}", detail)
    if isinstance(fault, NotSent | Limited):
        return not_left(fault.code, fault.message, detail, retry_seconds=fault.retry_seconds)
    if isinstance(fault, Unclear):
        return unknown("answer_unclear", fault.message, detail)
    return unknown(fault.code, fault.message, detail)


def to_verify(hint: Finding) -> Finding:
    """What an answer says of an end as what it is, a hint: the look-up tells."""
    return Finding(Outcome.PENDING, code="verify", provider_ref=hint.provider_ref, detail=hint.detail)


def nothing_moves(fault: Fault, *, send_no: int) -> Finding:
    """The same of a call that moves nothing itself, the first of its send: at worst this send did not leave."""
    if isinstance(fault, Refused) and send_no == 1:
        return of(fault)
    return not_left(
        fault.code or "answer_unclear", fault.message, traced(fault), retry_seconds=fault.retry_seconds
    )


def unavailable(fault: Fault) -> ProviderUnavailable:
    """For who only reads, or moves nothing."""
    if isinstance(fault, KeyRefused):
        return ProviderUnavailable("credentials_refused", f"{NOT_ALLOWED}: {fault.message}")
    return ProviderUnavailable(fault.code or "answer_unclear", fault.message, fault.retry_seconds)


def unknown(code: str, message: str, detail: Mapping[str, Any], *, park: bool = False) -> Finding:
    """It may have moved. `park`: no further look will tell, a person is asked."""
    more = {"park": True} if park else {}
    return Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, code, message, detail={**detail, **more})


def not_left(
    code: str, message: str, detail: Mapping[str, Any], *, retry_seconds: float | None = None
) -> Finding:
    """Proved not to have been begun."""
    return Finding(
        Outcome.NOT_LEFT, FailureClass.TECHNICAL, code, message, retry_seconds=retry_seconds, detail=detail
    )


def traced(fault: Fault) -> dict[str, Any]:
    """What is kept of it as evidence."""
    if isinstance(fault, Said):
        return {"trace": fault.trace, "paystack_code": fault.code}
    answer = fault.answer if isinstance(fault, Limited) else None
    return {"trace": answer.trace if answer else {"request_digest": fault.request_digest}}
