"""What became of a transfer, as GET /transfer/verify/{reference} has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.providers.base import Finding, Outcome
from engine.providers.edge.redact import redact
from engine.providers.paystack import findings, strict, transaction, words
from engine.providers.paystack.client import Client, Refused
from engine.providers.paystack.strict import Odd

_OTP = (
    "transfers of this Paystack account wait for a one-time password: an operator gives it, and switches it off "
    "(Settings, Preferences: confirm transfers before sending)"
)


def look(client: Client, identity: str, *, seconds: float | None = None) -> Finding:
    """The truth by our reference; MISSING where there is none yet. Calls out. Raises Fault."""
    try:
        reply = client.get(f"/transfer/verify/{identity}", seconds=seconds)
    except Refused as refused:
        return transaction.missing(refused)
    return read(reply.data, identity, domain=client.account.domain, trace=reply.trace)


def read(data: Any, identity: str, *, domain: str, trace: Mapping[str, Any]) -> Finding:
    """What a transfer says. What does not fit is unknown, never an exception."""
    detail: dict[str, Any] = {"trace": trace}
    try:
        found = strict.members(data)
        if (mode := strict.text(found, "domain")) != domain:
            text = f"Paystack answers of {mode} money, and this deployment is {domain}"
            return findings.unknown("wrong_mode", text, detail, park=True)
        if strict.text(found, "reference") != identity:
            return findings.unknown("reference_differs", "the answer is about another reference", detail)
        status, code = strict.text(found, "status"), strict.word(found, "transfer_code")
        amount, currency = strict.whole(found, "amount"), strict.currency(found)
        fee = strict.whole_or_none(found, "fee_charged") or 0
    except Odd as odd:
        return findings.unknown("answer_unreadable", f"the transfer can't be read: {odd}", detail)
    said = found.get("gateway_response") or found.get("reason") or ""
    detail |= {"status": status, "said": redact(str(said), most=120)}
    if words.TRANSFER.get(status) is Outcome.SUCCEEDED:
        return Finding(
            Outcome.SUCCEEDED,
            provider_ref=code,
            movement_id=code,
            gross_minor=amount,
            currency=currency,
            network_fee_minor=fee,
            network_currency=currency if fee else "",
            detail=detail,
        )
    return of_status(status, code, detail, fee=(fee, currency))


def of_status(
    status: str, code: str, detail: Mapping[str, Any], *, fee: tuple[int, str] = (0, "")
) -> Finding:
    """A transfer that has not arrived, or has come back. `fee` is what it cost us all the same, with its currency."""
    outcome = words.TRANSFER.get(status)
    if outcome in (Outcome.DECLINED, Outcome.REVERSED):
        kind, ours, text = words.TRANSFER_ENDS[status]
        minor, currency = fee
        return Finding(
            outcome,
            kind,
            ours,
            text,
            provider_ref=code,
            network_fee_minor=minor,
            network_currency=currency if minor else "",
            detail=detail,
        )
    if outcome is not Outcome.PENDING:
        text = f"Paystack calls it {redact(status, most=40)!r}"
        return findings.unknown("status_unknown", text, detail)
    waits = status == "otp"
    word = "otp_needed" if waits else "transfer_" + status
    return Finding(outcome, code=word, message=_OTP if waits else "", provider_ref=code, detail=detail)
