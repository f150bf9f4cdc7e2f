"""What became of a charge, as GET /transaction/verify/{reference} has it: the one answer that money is booked by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.providers.base import FailureClass, Finding, Outcome
from engine.providers.edge.redact import redact
from engine.providers.paystack import findings, strict, words
from engine.providers.paystack.client import Client, Refused
from engine.providers.paystack.strict import Odd

# Paystack asks to wait so long before a charge that is under way is looked at.
LATER_SECONDS = 10.0
PAYER_ACTION = "payer_action_needed"
PAGE = "page:"
LOST = (
    "The bank wants the payer, and the page's address was lost with Paystack's answer; "
    "another charge may be made once this one is over."
)
FEES = "fees"  # in a success's detail where they are not named


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the answer must agree with. `known_ref` is what evidence named before: the transaction's number, or for a
    charge that waits for its payer `page:` and the access code of the page."""

    identity: str
    email: str
    known_ref: str = ""

    @property
    def paused(self) -> bool:
        """The payer has a page on which this very charge can still be paid."""
        return self.known_ref.startswith(PAGE)


@dataclass(frozen=True, slots=True)
class Seen:
    """A transaction. Minor units."""

    number: str
    status: str
    said: str
    amount: int
    currency: str
    fees: int | None
    email: str


def look(client: Client, wanted: Wanted, *, seconds: float | None = None) -> Finding:
    """The truth by our reference; MISSING where there is none yet. Calls out. Raises Fault."""
    try:
        reply = client.get(f"/transaction/verify/{wanted.identity}", seconds=seconds)
    except Refused as refused:
        return missing(refused)
    return read(reply.data, wanted, domain=client.account.domain, trace=reply.trace)


def missing(refused: Refused) -> Finding:
    """It is not seen, which is no proof that it will not be; or the look was refused for another reason."""
    detail = findings.traced(refused)
    if refused.missing:
        detail = {**detail, "not_seen": True}
        return Finding(Outcome.MISSING, code="not_found", message=refused.message, detail=detail)
    return findings.unknown("lookup_refused", refused.message, detail)


def read(data: Any, wanted: Wanted, *, domain: str, trace: Mapping[str, Any]) -> Finding:
    """What a transaction says of a charge. What does not fit is unknown, never an exception."""
    detail: dict[str, Any] = {"trace": trace}
    try:
        found = strict.members(data)
        if (mode := strict.text(found, "domain")) != domain:
            text = f"Paystack answers of {mode} money, and this deployment is {domain}"
            return findings.unknown("wrong_mode", text, detail, park=True)
        if strict.text(found, "reference") != wanted.identity:
            return findings.unknown("reference_differs", "the answer is about another reference", detail)
        seen = _seen(found)
    except Odd as odd:
        return findings.unknown("answer_unreadable", f"the transaction can't be read: {odd}", detail)
    detail |= {"status": seen.status, "gateway_response": seen.said}
    return _finding(seen, wanted, detail)


def _seen(data: Mapping[str, Any]) -> Seen:
    customer = data.get("customer")
    email = customer.get("email") if isinstance(customer, dict) else None
    said = data.get("gateway_response")
    return Seen(
        number=str(strict.whole(data, "id")),
        status=strict.text(data, "status"),
        said=redact(said) if isinstance(said, str) else "",
        amount=strict.whole(data, "amount"),
        currency=strict.currency(data),
        fees=strict.whole_or_none(data, "fees"),
        email=email if isinstance(email, str) else "",
    )


def _finding(seen: Seen, wanted: Wanted, detail: dict[str, Any]) -> Finding:
    if seen.status == "reversed" and wanted.known_ref == seen.number:
        # Paid, as is known, and what went back is a refund or a dispute: each is booked as what it is.
        return _paid(seen, wanted, detail)
    if seen.status == "reversed":
        text = "Paystack says that it was paid and given back: see its refunds and disputes"
        return findings.unknown("paid_and_returned", text, detail, park=True)
    outcome = words.CHARGE.get(seen.status)
    if outcome is None:
        return findings.unknown(
            "status_unknown", f"Paystack calls it {redact(seen.status, most=40)!r}", detail
        )
    if outcome is Outcome.SUCCEEDED:
        return _paid(seen, wanted, detail)
    if outcome is Outcome.PENDING or (seen.status == "abandoned" and wanted.paused):
        return _under_way(seen, wanted, detail)
    if seen.status == "abandoned":
        text = "the bank wanted the payer, who was not there"
        kind, code = FailureClass.PAYER_ACTION, "authentication_needed"
    else:
        (kind, code), text = words.bank_said(seen.said), seen.said or "the bank refused it"
    return Finding(outcome, kind, code, text, provider_ref=seen.number, detail=detail)


def _paid(seen: Seen, wanted: Wanted, detail: Mapping[str, Any]) -> Finding:
    if seen.email.casefold() != wanted.email.casefold():
        text = "the payment under our reference is another customer's"
        return findings.unknown("customer_differs", text, detail, park=True)
    if seen.fees is None:
        detail = {**detail, FEES: None}
    return Finding(
        Outcome.SUCCEEDED,
        provider_ref=seen.number,
        movement_id=seen.number,
        gross_minor=seen.amount,
        currency=seen.currency,
        network_fee_minor=seen.fees or 0,
        network_currency=seen.currency if seen.fees else "",
        detail=detail,
    )


def _under_way(seen: Seen, wanted: Wanted, detail: Mapping[str, Any]) -> Finding:
    # Only what waits for its payer is "ongoing", or "abandoned" while they have the page; any other word is the bank's.
    if wanted.paused and seen.status not in ("ongoing", "abandoned"):
        code, said, ref = seen.status, "", wanted.known_ref
    elif wanted.paused:
        code, said, ref = PAYER_ACTION, "the bank wants the payer", wanted.known_ref
    elif seen.status == "ongoing":  # only the answer that paused it says where the page is
        code, said, ref = PAYER_ACTION, LOST, seen.number
        detail = {**detail, "action": {"type": "none", "url": None, "expires_at": None}}
    else:
        code, said, ref = seen.status, "", seen.number
    return Finding(
        Outcome.PENDING,
        code=code,
        message=said,
        provider_ref=ref,
        retry_seconds=LATER_SECONDS,
        detail=detail,
    )
