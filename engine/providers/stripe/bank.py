"""The second leg of a payout: from a connected account to its owner's bank, in days. What was paid may come back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from engine.providers.base import Asked, FailureClass, Finding, Outcome, Payable, Prepared, Sendable
from engine.providers.stripe import words
from engine.providers.stripe.client import Api
from engine.providers.stripe.moving import send_once
from engine.providers.stripe.payee import account_of
from engine.providers.stripe.reading import (
    Json,
    Odd,
    check,
    currency,
    is_of,
    judged,
    not_listed,
    text,
    unknown,
    whole,
    word,
)

if TYPE_CHECKING:
    from stripe.params import PayoutCreateParams, PayoutListParams

OPERATION = "payout"
LEG = "bank"
CANCELED = "canceled_at_provider"
SKEW_SECONDS = 600  # between Stripe's clock and ours


def prepare(one: Payable, identity: str, made_at: int) -> Prepared:
    """Pure. Raises Refusal where no account is named."""
    create: PayoutCreateParams = {
        "amount": one.amount_minor,
        "currency": one.currency.lower(),
        "metadata": {"payment_id": one.payment_id.hex, "identity": identity},
    }
    data = {"made_at": made_at, "account": account_of(one.instructions), "leg": LEG}
    return Prepared(one.payment_id, identity, json.dumps({"create": create}).encode(), data)


def send(api: Api, one: Sendable) -> Finding:
    """Send it on its way. Calls out; never raises for faults."""
    params = cast("PayoutCreateParams", json.loads(one.envelope)["create"])
    options = _of(one) | {"idempotency_key": one.identity}
    return send_once(
        api,
        OPERATION,
        lambda v1: v1.payouts.create(params, options),
        lambda found: judge(found, one, live=api.account.live),
    )


def look(api: Api, one: Asked) -> Finding:
    """As it is now, by its id or among its account's. Calls out. Raises the edge's faults, and Refused."""
    ref = one.known.provider_ref
    if ref:
        heard = api.ask("lookup", lambda v1: v1.payouts.retrieve(ref, None, _of(one)))
        return judged(heard, lambda found: judge(found, one, live=api.account.live))
    wanted: PayoutListParams = {"created": {"gte": int(one.data["made_at"]) - SKEW_SECONDS}}
    found = api.find(lambda v1, cursor: v1.payouts.list({**wanted, **cursor}, _of(one)), one.identity)
    return judged(found, lambda row: judge(row, one, live=api.account.live)) if found else not_listed()


def cancel(api: Api, one: Asked) -> Finding:
    """Call it back, which works while it is pending; a key for each look, as charge.cancel. Calls out; never raises for
    faults."""
    ref = one.known.provider_ref
    if not ref:
        return unknown("not_named", "Nothing is known of it that could be called back.")
    options = _of(one) | {"idempotency_key": f"{one.identity}-cancel-{one.looks}"}
    finding = send_once(
        api,
        "cancel",
        lambda v1: v1.payouts.cancel(ref, None, options),
        lambda found: judge(found, one, live=api.account.live),
        refused=lambda _: unknown("too_late", "Stripe does not call it back any more.", provider_ref=ref),
    )
    if finding.code != CANCELED:
        return finding
    return Finding(
        Outcome.ABSENT, code=CANCELED, message="It was called back.", provider_ref=ref, detail=finding.detail
    )


def judge(found: Json, one: Asked | Sendable, *, live: bool) -> Finding:
    """What a payout says. Raises Odd."""
    ref, status = check(found, "payout", live=live), word(found, "status")
    if not is_of(found, one.identity):
        raise Odd("metadata names another payout")
    if status == "paid":
        return Finding(
            Outcome.SUCCEEDED,
            code=status,
            provider_ref=ref,
            movement_id=ref,
            gross_minor=whole(found, "amount"),
            currency=currency(found),
        )
    if status in ("pending", "in_transit"):
        said = "It is on its way to the bank."
        return Finding(Outcome.PENDING, code=status, message=said, provider_ref=ref)
    if status == "canceled":
        said = "It was canceled at Stripe."
        return Finding(Outcome.DECLINED, FailureClass.HARD_DECLINE, CANCELED, said, provider_ref=ref)
    if status == "failed":
        return _failed(found, ref)
    return unknown("status_unknown", f"Stripe says {status[:40]!r} of it.", provider_ref=ref)


def _failed(found: Json, ref: str) -> Finding:
    why = text(found, "failure_code") or "failed"
    said = f"The bank sent it back: {why}."
    return Finding(Outcome.DECLINED, words.of_bank(why), why, said, provider_ref=ref)


def _of(one: Asked | Sendable) -> Any:
    """On whose behalf: the options of a call about a connected account."""
    return {"stripe_account": str(one.data["account"])}
