"""The first leg of a payout: from our balance to a payee's connected account, at once and in one call.

A transfer has no status: an answer means that it moved. Its group is the payment, so that a lost answer is found.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from engine.core import money
from engine.providers.base import Asked, Finding, Outcome, Payable, Prepared, Sendable
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
    whole,
)

if TYPE_CHECKING:
    from stripe.params import TransferCreateParams, TransferListParams

OPERATION = "payout"


def prepare(one: Payable, identity: str, made_at: int) -> Prepared:
    """Pure. Raises Refusal where no account is named."""
    group = one.payment_id.hex
    create: TransferCreateParams = {
        "amount": one.amount_minor,
        "currency": one.currency.lower(),
        "destination": account_of(one.instructions),
        "transfer_group": group,
        "metadata": {"payment_id": one.payment_id.hex, "identity": identity},
    }
    data = {"made_at": made_at, "group": group}
    return Prepared(one.payment_id, identity, json.dumps({"create": create}).encode(), data)


def send(api: Api, one: Sendable) -> Finding:
    """Move it. Calls out; never raises for faults."""
    params = cast("TransferCreateParams", json.loads(one.envelope)["create"])
    key: Any = {"idempotency_key": one.identity}
    return send_once(
        api,
        OPERATION,
        lambda v1: v1.transfers.create(params, key),
        lambda found: judge(found, one, live=api.account.live),
    )


def look(api: Api, one: Asked) -> Finding:
    """As it is now, by its id or among its group's. Calls out. Raises the edge's faults, and Refused."""
    ref = one.known.provider_ref
    if ref:
        heard = api.ask("lookup", lambda v1: v1.transfers.retrieve(ref))
        return judged(heard, lambda found: judge(found, one, live=api.account.live))
    wanted: TransferListParams = {"transfer_group": str(one.data["group"])}
    found = api.find(lambda v1, cursor: v1.transfers.list({**wanted, **cursor}), one.identity)
    return judged(found, lambda row: judge(row, one, live=api.account.live)) if found else not_listed()


def judge(found: Json, one: Asked | Sendable, *, live: bool) -> Finding:
    """What a transfer says: it moved, and how much of it was clawed back since. Raises Odd."""
    ref = check(found, "transfer", live=live)
    if not is_of(found, one.identity):
        raise Odd("metadata names another transfer")
    back, amount = whole(found, "amount_reversed"), whole(found, "amount")
    if back >= amount > 0:
        said = "All of it was clawed back from the account."
        return Finding(Outcome.REVERSED, code="reversed", message=said, provider_ref=ref)
    if back:
        return _reduced(back, amount, currency(found), ref)
    return Finding(
        Outcome.SUCCEEDED,
        code="succeeded",
        provider_ref=ref,
        movement_id=ref,
        gross_minor=amount,
        currency=currency(found),
    )


def _reduced(back: int, amount: int, of: str, ref: str) -> Finding:
    said = f"{money.shown(back, of)} of the {money.shown(amount, of)} was clawed back from the account."
    return Finding(
        Outcome.REDUCED, code="partly_reversed", message=said, provider_ref=ref, movement_id=ref, gross_minor=amount,
        currency=of, detail={"reversed_minor": back},
    )  # fmt: skip
