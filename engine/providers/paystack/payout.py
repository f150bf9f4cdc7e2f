"""Pay a bank account from our balance: POST /transfer to a recipient, who is made first where there is none yet.

Naming a recipient moves nothing, and the same account is the same recipient however often it is named. The transfer's
reference is its idempotency: it may be sent again as often as need be, whichever way Paystack answers that.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Mapping
from typing import Any

from engine.core.errors import Refusal
from engine.providers.base import Asked, Finding, Outcome, Payable, Prepared, Sendable
from engine.providers.edge.faults import Fault
from engine.providers.paystack import charge, findings, identity, strict, transfer
from engine.providers.paystack.client import Client, Refused
from engine.providers.paystack.strict import Odd

RECIPIENT = "recipient"  # the step that names who is paid
_BANK = ("type", "name", "account_number", "bank_code")


def prepared(payable: Payable) -> Prepared:
    """The request with a reference of its own. Pure. Raises Refusal for a payee without a recipient or an account.

    The payee has `recipient_code`, or type, name, account_number and bank_code (text: numbers begin with zeros).
    """
    payee = payable.instructions.get("payee")
    payee = payee if isinstance(payee, Mapping) else {}
    code = payee.get("recipient_code")
    account = {name: payee.get(name) for name in _BANK}
    if not code and not all(isinstance(value, str) and value for value in account.values()):
        raise Refusal(
            "payee_incomplete",
            "a payee has a recipient_code, or type, name, account_number and bank_code, each of them text",
            param="payee",
        )
    reference = identity.fresh(payable.payment_id)
    transfer_of = {
        "source": "balance",
        "amount": payable.amount_minor,
        "currency": payable.currency,
        "reference": reference,
        "reason": f"Payout {payable.payment_id.hex}",
    }
    asked = {"transfer": transfer_of, "recipient_code": code}
    asked |= {} if code else {"account": {**account, "currency": payable.currency}}
    return Prepared(payable.payment_id, reference, json.dumps(asked).encode(), {})


def send(client: Client, sendable: Sendable) -> Generator[Finding, None, Finding]:
    """The recipient as a step, where it is not named yet, then the transfer. Calls out; never raises for faults."""
    asked = json.loads(sendable.envelope)
    known = sendable.known.steps.get(RECIPIENT, {})
    code = asked["recipient_code"] or known.get("recipient_code")
    if not code:
        named = name_recipient(client, asked["account"], send_no=sendable.send_no)
        if named.outcome is not Outcome.STEP:
            return named
        yield named
        code = named.detail["recipient_code"]
    return _transfer(client, sendable, {**asked["transfer"], "recipient": code})


def look(client: Client, asked: Asked) -> Finding:
    """What became of it. Calls out. Raises Fault."""
    return transfer.look(client, asked.identity)


def name_recipient(client: Client, account: Mapping[str, Any], *, send_no: int) -> Finding:
    """STEP with `recipient_code` in its detail; what else it says, no money has left. Calls out, never raises."""
    try:
        reply = client.post("/transferrecipient", json.dumps(account).encode(), operation="recipient")
        code = strict.word(strict.members(reply.data), "recipient_code")
    except Fault as fault:
        return findings.nothing_moves(fault, send_no=send_no)
    except Odd as odd:
        return findings.not_left("answer_unreadable", f"the recipient can't be read: {odd}", {})
    return Finding(Outcome.STEP, code=RECIPIENT, detail={"recipient_code": code, "trace": reply.trace})


def _transfer(client: Client, sendable: Sendable, body: Mapping[str, Any]) -> Finding:
    begun, reference = time.monotonic(), sendable.identity
    try:
        reply = client.post("/transfer", json.dumps(body).encode(), operation="payout")
        hint = transfer.read(reply.data, reference, domain=client.account.domain, trace=reply.trace)
    except Refused as refused:
        hint = findings.of(refused, send_no=sendable.send_no)
    except Fault as fault:
        return findings.of(fault)
    return charge.verified(hint, lambda seconds: transfer.look(client, reference, seconds=seconds), begun)
