"""Make a link or a code that the payer pays: the send itself, because from then on money can arrive."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from engine.core import clock
from engine.core.errors import Refusal
from engine.providers.base import FailureClass, Finding, Hold, Outcome, Payable, Prepared, Sendable
from engine.providers.edge import gate
from engine.providers.edge.faults import Fault
from engine.providers.ipaymu import client, terms, words
from engine.providers.ipaymu.account import Account
from engine.providers.ipaymu.client import Reply
from engine.providers.ipaymu.sheet import CURRENCY, NAME
from engine.providers.ipaymu.terms import Terms
from engine.providers.ipaymu.transaction import action_of, as_asked, number_of

WAITING = "payer_action_needed"
UNPAID = "The payer has not paid yet."
LOST = "The page's address was lost with iPaymu's answer; a new link may be made once this one is over."
SESSION = "session:"  # before a page's session: it is no transaction's number
_PATHS = {"page": "/payment", "code": "/payment/direct"}


class Batch(NamedTuple):
    """Who must wait, and machine time when that was asked."""

    holds: Mapping[UUID, Hold]
    at: datetime


def context(account: Account, payables: Sequence[Payable]) -> Batch:
    """Who may go now. Asks Redis, reads the database's clock. Raises ProviderUnavailable."""
    holds = gate.admit(payables, provider=NAME, operation="charge", limit=account.limit)
    return Batch(holds, clock.machine_now())


def prepare(account: Account, payables: Sequence[Payable], batch: Batch) -> list[Prepared | Hold]:
    """The bytes of each creation, or who waits. Pure. Raises Refusal for instructions that can't be used."""
    return [batch.holds.get(one.payment_id) or _prepared(account, one, batch.at) for one in payables]


def _prepared(account: Account, one: Payable, at: datetime) -> Prepared:
    if one.currency != CURRENCY:
        raise Refusal(
            "currency_not_offered", f"iPaymu takes {CURRENCY}, not {one.currency}", param="currency"
        )
    who = terms.read(one.instructions)
    # A suffix of its own per attempt: what is paid on an old link still tells whose it is, and which.
    identity = f"{one.payment_id.hex}-{secrets.token_hex(4)}"
    body = _code(account, who, one, identity) if who.channel else _page(account, who, one, identity)
    ends = at + timedelta(hours=words.life_hours(who.channel))
    data = {
        "call": "code" if who.channel else "page",
        "asked_at": at.isoformat(),
        "expires_at": ends.isoformat(),
    }
    return Prepared(one.payment_id, identity, client.written(body), data)


def _page(account: Account, who: Terms, one: Payable, identity: str) -> dict[str, Any]:
    back = who.return_url or account.home_url
    return {
        "product": [f"Payment {one.payment_id.hex[-8:]}"],
        "qty": [1],
        "price": [one.amount_minor],
        "description": [identity],
        "returnUrl": back,
        "cancelUrl": back,
        "buyerName": who.name,
        "buyerEmail": who.email,
        "buyerPhone": who.phone,
        **_common(account, identity, ""),
    }


def _code(account: Account, who: Terms, one: Payable, identity: str) -> dict[str, Any]:
    method, _, channel = who.channel.partition(":")
    return {
        "name": who.name,
        "email": who.email,
        "phone": who.phone,
        "amount": one.amount_minor,
        "paymentMethod": method,
        "paymentChannel": channel,
        **_common(account, identity, who.channel),
    }


def _common(account: Account, identity: str, channel: str) -> dict[str, Any]:
    """The fee is ours, so that the payer pays what is owed."""
    hours = max(1, math.floor(words.life_hours(channel)))
    return {
        "notifyUrl": account.notify_url,
        "referenceId": identity,
        "expired": hours,
        "feeDirection": "MERCHANT",
    }


def submit(account: Account, sendable: Sendable) -> Finding:
    """Send the bytes once. Calls out; never raises for the world's faults."""
    try:
        reply = client.post(account, _PATHS[sendable.data["call"]], sendable.envelope, operation="charge")
    except Fault as fault:
        return client.of_fault(fault)
    if reply.trouble:
        return client.of_trouble(reply)
    data = reply.data if isinstance(reply.data, dict) else {}
    return (
        _page_made(sendable, reply, data)
        if sendable.data["call"] == "page"
        else _code_made(sendable, reply, data)
    )


def _page_made(sendable: Sendable, reply: Reply, data: Mapping[str, Any]) -> Finding:
    session, url = data.get("SessionID") or data.get("SessionId"), data.get("Url")
    if (
        not isinstance(session, str)
        or not isinstance(url, str)
        or not url.startswith(("https://", "http://"))
    ):
        return _differs(reply)
    action = {"type": "redirect", "url": url, "expires_at": sendable.data["expires_at"]}
    return waits(f"{SESSION}{session}", action, reply.trace)


def _code_made(sendable: Sendable, reply: Reply, data: Mapping[str, Any]) -> Finding:
    """The code may be there and wrong: whoever looks finds it by its number."""
    number = number_of(data)
    action = action_of(data, sendable.data["expires_at"])
    ours = data.get("ReferenceId") == sendable.identity and as_asked(data, sendable.amount_minor)
    return waits(number, action, reply.trace) if number and action and ours else _differs(reply, number)


def waits(
    provider_ref: str, action: Mapping[str, Any] | None, trace: Mapping[str, Any], said: str = UNPAID
) -> Finding:
    """The payer is to act. `action` stands in the evidence that first named it."""
    shown = {"action": dict(action)} if action else {}
    return Finding(Outcome.PENDING, code=WAITING, message=said, provider_ref=provider_ref,
                   detail={**shown, "trace": dict(trace)})  # fmt: skip


def lost(provider_ref: str, expires_at: str, trace: Mapping[str, Any]) -> Finding:
    """A page that is there, and nobody can be led to it: only the answer that made it says where it is.

    A second one beside it could be paid too, so there is nothing to do until this one is over.
    """
    return waits(provider_ref, {"type": "none", "url": None, "expires_at": expires_at}, trace, LOST)


def _differs(reply: Reply, number: str = "") -> Finding:
    message = "iPaymu's answer is not what was asked for."
    return Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "answer_differs", message, provider_ref=number,
                   detail={"trace": dict(reply.trace)})  # fmt: skip
