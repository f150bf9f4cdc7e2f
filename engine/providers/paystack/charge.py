"""Charge a card that was kept: POST /transaction/charge_authorization, and verify before it counts as paid.

The reference is all the idempotency there is: used again it is refused, so the same charge can be sent as often as need
be and is made once. An acceptance is a hint, money is booked by the look-up; `paused` is no charge but a page for the
payer.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings

from engine.core.errors import Refusal
from engine.providers.base import Asked, Finding, Outcome, Payable, Prepared, Sendable
from engine.providers.edge.faults import Fault
from engine.providers.paystack import findings, identity, strict, transaction
from engine.providers.paystack.client import Client, Refused, Reply
from engine.providers.paystack.strict import Odd
from engine.providers.paystack.transaction import FEES, LATER_SECONDS, PAGE, PAYER_ACTION, Wanted

PATH = "/transaction/charge_authorization"
_LEAST_SECONDS = 0.2  # left of the deadline: with less there is no point in asking


def prepared(payable: Payable) -> Prepared:
    """The request with a reference of its own. Pure. Raises Refusal for a method without what is pulled from."""
    code, email = (payable.instructions.get(name) for name in ("authorization_code", "email"))
    if not (isinstance(code, str) and code and isinstance(email, str) and "@" in email):
        raise Refusal(
            "method_incomplete",
            "a charge needs the authorization_code, and the email that Paystack knows it by",
            param="instructions",
        )
    reference = identity.fresh(payable.payment_id)
    body = {
        "email": email,
        "amount": payable.amount_minor,
        "authorization_code": code,
        "reference": reference,
        "currency": payable.currency,
        "metadata": json.dumps({"payment_id": str(payable.payment_id)}),  # this call alone wants text
    }
    return Prepared(payable.payment_id, reference, json.dumps(body).encode(), {})


def send(client: Client, sendable: Sendable) -> Finding:
    """Charge once and verify it, within the total deadline. Calls out; never raises for the world's faults."""
    begun, wanted = time.monotonic(), _wanted(sendable)
    try:
        hint = _read(client.post(PATH, sendable.envelope, operation="charge"), client, wanted)
    except Refused as refused:
        hint = findings.of(refused, send_no=sendable.send_no)
    except Fault as fault:
        return findings.of(fault)
    return verified(hint, lambda seconds: transaction.look(client, wanted, seconds=seconds), begun)


def look(client: Client, asked: Asked) -> Finding:
    """What became of it. Calls out. Raises Fault."""
    return transaction.look(client, _wanted(asked))


def verified(hint: Finding, ask: Callable[[float], Finding], begun: float) -> Finding:
    """What an answer comes to: a success, or a name that was used before, by what `ask` shows (a look-up within so many
    seconds); anything else as it is.

    Looked up at once, in the thread that sent it: an order of magnitude sooner than by the lane that recovers, and by
    the same evidence. A "no" right after a "yes" settles nothing, nor does a "yes" without its fees, which would be
    booked nowhere then: the next look does. Calls out, never raises.
    """
    settles: tuple[Outcome, ...]
    if hint.outcome is Outcome.REVERSED:
        return findings.to_verify(hint)
    if hint.outcome is Outcome.SUCCEEDED:
        hint, settles = findings.to_verify(hint), (Outcome.SUCCEEDED,)
    elif hint.code in findings.USED_BEFORE:
        settles = Outcome.SUCCEEDED, Outcome.DECLINED, Outcome.PENDING
    else:
        return hint
    left = settings.ENV.send_deadline_seconds - (time.monotonic() - begun)
    if left < _LEAST_SECONDS:
        return hint
    try:
        found = ask(left)
    except Fault:
        return hint
    return found if found.outcome in settles and FEES not in found.detail else hint


def _wanted(one: Sendable | Asked) -> Wanted:
    return Wanted(one.identity, str(one.instructions.get("email", "")), one.known.provider_ref)


def _read(reply: Reply, client: Client, wanted: Wanted) -> Finding:
    """What the acceptance says. With `paused` there was no charge: the issuer wants the payer, on that page."""
    data: Any = reply.data
    if isinstance(data, dict) and data.get("paused") is True:
        return _paused(data, wanted, {"trace": reply.trace})
    return transaction.read(data, wanted, domain=client.account.domain, trace=reply.trace)


def _paused(data: dict[str, Any], wanted: Wanted, detail: dict[str, Any]) -> Finding:
    try:
        url, code = strict.text(data, "authorization_url"), strict.word(data, "access_code")
        ours = strict.text(data, "reference") == wanted.identity
    except Odd as odd:
        return findings.unknown("answer_unreadable", f"a paused charge can't be read: {odd}", detail)
    if not ours:
        return findings.unknown("reference_differs", "the answer is about another reference", detail)
    return Finding(
        Outcome.PENDING,
        code=PAYER_ACTION,
        message="the bank wants the payer",
        provider_ref=f"{PAGE}{code}",
        retry_seconds=LATER_SECONDS,
        detail={**detail, "action": {"type": "redirect", "url": url, "expires_at": None}},
    )
