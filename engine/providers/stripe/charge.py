"""A charge in two calls: an intent that moves nothing, whose id is committed, and its one confirmation.

So who comes after a crash looks by that id, and an intent that was confirmed can't be confirmed again whatever
became of our keys.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from engine.core.errors import Refusal
from engine.providers.base import Asked, Finding, Outcome, Payable, Prepared, Sendable
from engine.providers.stripe import intent, refusal
from engine.providers.stripe.client import Api, Refused
from engine.providers.stripe.moving import send_once
from engine.providers.stripe.reading import Heard, Json, judged, not_listed, unknown

if TYPE_CHECKING:
    from stripe.params import (
        PaymentIntentCancelParams,
        PaymentIntentConfirmParams,
        PaymentIntentCreateParams,
        PaymentIntentListParams,
        PaymentIntentRetrieveParams,
    )

OPERATION = "charge"
CALLS = 2
# An intent that no list shows after so long, and whose id nobody ever named, was not confirmed: confirm is sent after
# its id was committed. Until then the same key is sent again.
UNNAMED_SECONDS = 900
SKEW_SECONDS = 600  # between Stripe's clock and ours


def prepare(one: Payable, identity: str, made_at: int) -> Prepared:
    """Pure. Raises Refusal where the method names no customer or nothing to pull from."""
    customer, method = (one.instructions.get(name) for name in ("customer", "payment_method"))
    if not isinstance(customer, str) or not isinstance(method, str) or not customer or not method:
        raise Refusal("method_incomplete", "the payment method names no customer or card at Stripe")
    create: PaymentIntentCreateParams = {
        "amount": one.amount_minor,
        "currency": one.currency.lower(),
        "customer": customer,
        "payment_method": method,
        # No way that would send the payer away: nobody is there.
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "capture_method": "automatic",  # and not later: the answer then names Stripe's fee
        "metadata": {"payment_id": one.payment_id.hex, "identity": identity},
    }
    data = {"made_at": made_at, "customer": customer}
    return Prepared(one.payment_id, identity, json.dumps({"create": create}).encode(), data)


def send(api: Api, one: Sendable) -> Generator[Finding, None, Finding]:
    """Create, then confirm; what is known by its id is confirmed alone. Calls out; never raises for faults."""
    ref = one.known.provider_ref
    if not ref:
        made = _create(api, one)
        if made.outcome is not Outcome.STEP:
            return made
        yield made
        ref = made.provider_ref
    return _confirm(api, one, ref)


def look(api: Api, one: Asked, now: datetime) -> Finding:
    """As it is at `now`, by its id or among its customer's. Calls out. Raises the edge's faults, and Refused."""
    ref = one.known.provider_ref
    if not ref:
        return _look_for(api, one, now)
    params: PaymentIntentRetrieveParams = {"expand": [intent.EXPAND]}
    try:
        heard = api.ask("lookup", lambda v1: v1.payment_intents.retrieve(ref, params))
    except Refused as refused:
        if refused.status != 404:
            raise
        return _gone(ref)
    return _of(api, one, heard, ref)


def cancel(api: Api, one: Asked) -> Finding:
    """Call it back. Calls out; never raises for faults.

    Each look has a key of its own: under one, Stripe would repeat a refusal, or its own fault, for a day.
    """
    ref = one.known.provider_ref
    if not ref:
        return unknown("not_named", "Nothing is known of it that could be called back.")
    params: PaymentIntentCancelParams = {
        "cancellation_reason": intent.CALLED_BACK,
        "expand": [intent.EXPAND],
    }
    key: Any = {"idempotency_key": f"{one.identity}-cancel-{one.looks}"}
    return send_once(
        api,
        "cancel",
        lambda v1: v1.payment_intents.cancel(ref, params, key),
        lambda found: intent.judge(found, one, live=api.account.live),
        refused=partial(_of_state, api, one, ref),
    )


def _create(api: Api, one: Sendable) -> Finding:
    """STEP with the intent's id, or why there is none. Alone it can't move anything."""
    params = cast("PaymentIntentCreateParams", json.loads(one.envelope)["create"])
    key: Any = {"idempotency_key": one.identity}
    return send_once(
        api,
        OPERATION,
        lambda v1: v1.payment_intents.create(params, key),
        lambda found: _made(found, one, live=api.account.live),
    )


def _made(found: Json, one: Sendable, *, live: bool) -> Finding:
    """Of a replayed answer too, which shows the intent as it was when it was made."""
    finding = intent.judge(found, one, live=live)
    if finding.outcome is not Outcome.MISSING:
        return finding
    return Finding(Outcome.STEP, code="created", provider_ref=finding.provider_ref)


def _confirm(api: Api, one: Sendable, ref: str) -> Finding:
    params: PaymentIntentConfirmParams = {"off_session": True, "expand": [intent.EXPAND]}
    key: Any = {"idempotency_key": f"{one.identity}-confirm"}
    finding = send_once(
        api,
        OPERATION,
        lambda v1: v1.payment_intents.confirm(ref, params, key),
        lambda found: intent.judge(found, one, live=api.account.live),
        refused=partial(_of_state, api, one, ref),
    )
    return _same(finding, ref)


def _look_for(api: Api, one: Asked, now: datetime) -> Finding:
    """One whose id no answer ever named."""
    made_at = int(one.data["made_at"])
    wanted: PaymentIntentListParams = {
        "customer": str(one.data["customer"]),
        "created": {"gte": made_at - SKEW_SECONDS},
        "expand": [f"data.{intent.EXPAND}"],
    }
    heard = api.find(lambda v1, cursor: v1.payment_intents.list({**wanted, **cursor}), one.identity)
    if heard is None:
        if now.timestamp() < made_at + UNNAMED_SECONDS:
            return not_listed()
        said = "No intent of it was ever named, so none was confirmed."
        return Finding(Outcome.ABSENT, code="never_named", message=said)
    finding = judged(heard, lambda found: intent.judge(found, one, live=api.account.live))
    if finding.outcome is not Outcome.MISSING:
        return finding
    # Stored as news, so that whoever sends again confirms this one.
    said = "It was made, and the answer was lost."
    return unknown("found", said, provider_ref=finding.provider_ref, detail=finding.detail)


def _of_state(api: Api, one: Asked | Sendable, ref: str, refused: Refused) -> Finding:
    """An error about an intent: what it carries of it says more than the error itself."""
    carried = refused.error.get("payment_intent")
    if isinstance(carried, dict) and refused.status in (400, 402):
        finding = _of(api, one, Heard(carried, refused.trace), ref)
        if finding.outcome is not Outcome.MISSING:  # where it was not confirmed, the error is the last word
            return finding
    elif refused.word("code") == "payment_intent_unexpected_state":
        return unknown("decided_before", "It is not to be confirmed any more.", provider_ref=ref)
    # Any other refusal is all that this key ever did: had it charged before, Stripe would have said that again.
    return _gone(ref) if refused.status == 404 else refusal.of_refused(refused, ref)


def _of(api: Api, one: Asked | Sendable, heard: Heard, ref: str) -> Finding:
    return _same(judged(heard, lambda found: intent.judge(found, one, live=api.account.live)), ref)


def _same(finding: Finding, ref: str) -> Finding:
    if finding.provider_ref and finding.provider_ref != ref:
        return unknown("another_object", "Stripe answered with another intent.", provider_ref=ref)
    return finding


def _gone(ref: str) -> Finding:
    return unknown("not_found", "Stripe does not know the intent that it named.", provider_ref=ref)
