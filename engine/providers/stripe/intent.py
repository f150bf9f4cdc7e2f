"""What a PaymentIntent says of a charge. It can be confirmed once: in any other state it moves nothing twice."""

from __future__ import annotations

from typing import Any, Final

from engine.providers.base import Asked, FailureClass, Finding, Outcome, Sendable
from engine.providers.edge.redact import redact
from engine.providers.stripe import words
from engine.providers.stripe.reading import (
    Json,
    Odd,
    check,
    cost,
    currency,
    part,
    text,
    unknown,
    whole,
    word,
)

EXPAND = "latest_charge.balance_transaction"
CALLED_BACK: Final = "abandoned"  # the reason that our own cancel gives: by it a lost answer is known again


def judge(found: Json, one: Asked | Sendable, *, live: bool) -> Finding:
    """The finding; an unconfirmed one is MISSING, because only our own next confirm can make it move. Raises Odd."""
    ref, status = check(found, "payment_intent", live=live), word(found, "status")
    if text(part(found, "metadata"), "payment_id") != one.payment_id.hex:
        raise Odd("metadata names another payment")
    if status == "succeeded":
        return _paid(found, ref, sent=isinstance(one, Sendable))
    if (whole(found, "amount"), currency(found)) != (one.amount_minor, one.currency):
        return unknown("amount_differs", "It is of another amount than was asked for.", provider_ref=ref)
    finding = _unpaid(found, status)
    return Finding(
        finding.outcome, finding.failure_class, finding.code, finding.message,
        provider_ref=ref, detail=finding.detail,
    )  # fmt: skip


def _paid(found: Json, ref: str, *, sent: bool) -> Finding:
    charge = found.get("latest_charge")
    if isinstance(charge, str):
        # An error shows the intent without what Stripe took for it: the look, which asks for that, books both.
        return unknown("paid_before", "It was paid by an earlier confirmation.", provider_ref=ref)
    if sent and not part(found, "latest_charge").get("balance_transaction"):
        # Booked without what Stripe took for it, that would never be booked: the look right after has it by then.
        said = "It is paid; what Stripe took for it is not named yet."
        return Finding(Outcome.PENDING, code="fee_awaited", message=said, provider_ref=ref)
    fee, of = cost(part(found, "latest_charge"))
    return Finding(
        Outcome.SUCCEEDED,
        code="succeeded",
        provider_ref=ref,
        movement_id=word(part(found, "latest_charge"), "id"),
        gross_minor=whole(found, "amount_received"),
        currency=currency(found),
        network_fee_minor=fee,
        network_currency=of,
    )


def _unpaid(found: Json, status: str) -> Finding:
    if status in ("processing", "requires_capture"):
        return Finding(Outcome.PENDING, code=status, message="The card's issuer has not answered yet.")
    if status == "requires_action":
        action = {"action": _action(part(found, "next_action"))}
        return Finding(
            Outcome.PENDING, code="payer_action_needed", message="The payer's bank asks them.", detail=action
        )
    if status == "canceled":
        return _canceled(found)
    error = part(found, "last_payment_error")
    if status == "requires_payment_method" and error:
        return _declined(error)
    if status in ("requires_confirmation", "requires_payment_method"):
        return Finding(Outcome.MISSING, code=status, message="It was made and never confirmed.")
    return unknown("status_unknown", f"Stripe says {status[:40]!r}, which says nothing of the money.")


def _declined(error: Json) -> Finding:
    decline = text(error, "decline_code") or text(error, "code")
    names = ("type", "code", "decline_code", "advice_code")
    return Finding(
        Outcome.DECLINED,
        words.of_card(decline, text(error, "advice_code")),
        decline or "card_declined",
        redact(text(error, "message")),
        detail={f"stripe_{name}": text(error, name) for name in names if text(error, name)},
    )


def _canceled(found: Json) -> Finding:
    """By us: it can never move anything. By somebody else at Stripe: they did not want it."""
    if found.get("cancellation_reason") == CALLED_BACK:
        said = "Its payer did not act in time: it was called back, and can't be paid."
        return Finding(Outcome.ABSENT, FailureClass.PAYER_ACTION, "called_back", said)
    said = "It was canceled at Stripe."
    return Finding(Outcome.DECLINED, FailureClass.HARD_DECLINE, "canceled_at_provider", said)


def _action(asked: Json) -> dict[str, Any]:
    """Where the payer goes; Stripe names no end of it."""
    url = text(part(asked, "redirect_to_url"), "url")
    return {"type": "redirect" if url else text(asked, "type"), "url": url, "expires_at": None}
