"""Many transfers in one call: POST /transfer/bulk, answered item by item and in no promised order.

The contract sends one attempt at a time, so no lane calls this yet; payouts by the thousand will (docs/decisions/0017).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from engine.providers.base import Finding, Outcome, Sendable
from engine.providers.edge.faults import Fault
from engine.providers.paystack import findings, strict, transfer, words
from engine.providers.paystack.client import Client, Refused, Reply
from engine.providers.paystack.strict import Odd

MOST = 100  # transfers in one call


def send(client: Client, sendables: Sequence[Sendable]) -> dict[UUID, Finding]:
    """A finding by attempt id for each of up to MOST committed transfers of one currency to named recipients.

    Calls out once; never raises for the world's faults. Raises ValueError for what can't go in one call. A refusal of
    the whole proves nothing of its items: those before the one that was refused may have been taken.
    """
    asked = [json.loads(each.envelope) for each in sendables]
    if not 0 < len(asked) <= MOST or len({each["transfer"]["currency"] for each in asked}) > 1:
        raise ValueError(f"1 to {MOST} transfers of one currency go in one call")
    if not all(each["recipient_code"] for each in asked):
        raise ValueError("each transfer names its recipient")
    names = ("amount", "reference", "reason")
    body = {
        "source": "balance",
        "currency": asked[0]["transfer"]["currency"],
        "transfers": [
            {name: each["transfer"][name] for name in names} | {"recipient": each["recipient_code"]}
            for each in asked
        ],
    }
    try:
        reply = client.post("/transfer/bulk", json.dumps(body).encode(), operation="payout")
    except Refused as refused:
        unsure = findings.unknown("bulk_refused", refused.message, findings.traced(refused))
        return {each.attempt_id: unsure for each in sendables}
    except Fault as fault:
        return {each.attempt_id: findings.of(fault) for each in sendables}
    told = _by_reference(reply)
    return {each.attempt_id: _item(told.get(each.identity), each, reply.trace) for each in sendables}


def _by_reference(reply: Reply) -> dict[str, Mapping[str, Any]]:
    if not isinstance(reply.data, list):
        return {}
    found = [each for each in reply.data if isinstance(each, dict)]
    return {str(each.get("reference")): each for each in found}


def _item(row: Mapping[str, Any] | None, one: Sendable, trace: Mapping[str, Any]) -> Finding:
    """What the answer says of one transfer. A success is a hint here too; what is not named may have left."""
    if row is None:
        return findings.unknown("not_in_answer", "the answer does not name this transfer", {"trace": trace})
    try:
        status, amount = strict.text(row, "status"), strict.whole(row, "amount")
        code, currency = str(row.get("transfer_code") or ""), strict.currency(row)
    except Odd as odd:
        return findings.unknown("answer_unreadable", f"the item can't be read: {odd}", {"trace": trace})
    detail = {"trace": trace, "status": status}
    if (amount, currency) != (one.amount_minor, one.currency):
        return findings.unknown("amount_differs", "the answer names another amount", detail)
    if words.TRANSFER.get(status) in (Outcome.SUCCEEDED, Outcome.REVERSED):
        return Finding(Outcome.PENDING, code="verify", provider_ref=code, detail=detail)
    return transfer.of_status(status, code, detail)
