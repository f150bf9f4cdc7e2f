"""A refund: one call, final at once or later, and sometimes taken back by the payer's bank after that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from engine.core.errors import Refusal
from engine.providers.base import Asked, FailureClass, Finding, Outcome, Payable, Prepared, Sendable
from engine.providers.stripe.client import Api
from engine.providers.stripe.moving import send_once
from engine.providers.stripe.reading import (
    Json,
    Odd,
    check,
    cost,
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
    from stripe.params import RefundCreateParams, RefundListParams, RefundRetrieveParams

OPERATION = "refund"
CALLS = 1
_EXPAND = "balance_transaction"


def prepare(one: Payable, identity: str, made_at: int) -> Prepared:
    """Pure. Raises Refusal where the charge that is refunded has no name at Stripe."""
    charge = one.instructions.get("charge")
    intent = charge.get("provider_ref") if isinstance(charge, Mapping) else None
    if not isinstance(intent, str) or not intent:
        raise Refusal("charge_missing", "the charge that is to be refunded has no id at Stripe")
    create: RefundCreateParams = {
        "payment_intent": intent,
        "amount": one.amount_minor,
        "metadata": {"payment_id": one.payment_id.hex, "identity": identity},
        "expand": [_EXPAND],
    }
    data = {"made_at": made_at, "payment_intent": intent}
    return Prepared(one.payment_id, identity, json.dumps({"create": create}).encode(), data)


def send(api: Api, one: Sendable) -> Finding:
    """Ask for it. Calls out; never raises for faults."""
    params = cast("RefundCreateParams", json.loads(one.envelope)["create"])
    key: Any = {"idempotency_key": one.identity}
    return send_once(
        api, OPERATION, lambda v1: v1.refunds.create(params, key), lambda found: judge(found, one)
    )


def look(api: Api, one: Asked) -> Finding:
    """As it is now, by its id or among its charge's. Calls out. Raises the edge's faults, and Refused."""
    if one.known.provider_ref:
        params: RefundRetrieveParams = {"expand": [_EXPAND]}
        heard = api.ask("lookup", lambda v1: v1.refunds.retrieve(one.known.provider_ref, params))
        return judged(heard, lambda found: judge(found, one))
    wanted: RefundListParams = {
        "payment_intent": str(one.data["payment_intent"]),
        "expand": [f"data.{_EXPAND}"],
    }
    found = api.find(lambda v1, cursor: v1.refunds.list({**wanted, **cursor}), one.identity)
    return judged(found, lambda row: judge(row, one)) if found else not_listed()


def judge(found: Json, one: Asked | Sendable) -> Finding:
    """What a refund says. Raises Odd. It has no mode of its own: its identity says that it is ours."""
    ref, status = check(found, "refund", live=None), word(found, "status")
    if not is_of(found, one.identity):
        raise Odd("metadata names another refund")
    if status == "succeeded":
        fee, of = cost(found)
        return Finding(
            Outcome.SUCCEEDED,
            code=status,
            provider_ref=ref,
            movement_id=ref,
            gross_minor=whole(found, "amount"),
            currency=currency(found),
            network_fee_minor=fee,
            network_currency=of,
        )
    if status in ("pending", "requires_action"):
        return Finding(Outcome.PENDING, code=status, message="It is on its way.", provider_ref=ref)
    if status in ("failed", "canceled"):
        why = text(found, "failure_reason") or status
        said = f"The payer's bank did not take it: {why}." if status == "failed" else "It was canceled."
        return Finding(Outcome.DECLINED, FailureClass.HARD_DECLINE, why, said, provider_ref=ref)
    return unknown("status_unknown", f"Stripe says {status[:40]!r} of it.", provider_ref=ref)
