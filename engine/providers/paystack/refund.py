"""Give back a charge, whole or in part: POST /refund, which ends days later and may fail after all.

Paystack has no reference for refunds: a second request is a second refund. So our identity goes into the merchant's
note, a refund is never sent twice (sheet.py), and one whose answer was lost is looked for in the list by that note.
What is not there stays unknown until a person decides: nothing proves that it will not come.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.core.errors import Refusal
from engine.providers.base import Asked, FailureClass, Finding, Outcome, Payable, Prepared, Sendable
from engine.providers.edge.faults import Fault
from engine.providers.edge.redact import redact
from engine.providers.paystack import findings, identity, pages, strict, words
from engine.providers.paystack.client import Client
from engine.providers.paystack.strict import Odd

_REF = "refund:"
_PAGES_MOST = 5  # of refunds of one charge: five hundred


def prepared(payable: Payable) -> Prepared:
    """The request, marked with an identity of its own. Pure. Raises Refusal without the charge it gives back."""
    charge = payable.instructions.get("charge")
    reference = charge.get("identity") if isinstance(charge, Mapping) else None
    if not (isinstance(reference, str) and reference):
        raise Refusal("charge_missing", "a refund needs the charge that it gives back", param="instructions")
    mark = identity.fresh(payable.payment_id)
    body = {
        "transaction": reference,
        "amount": payable.amount_minor,
        "currency": payable.currency,
        "merchant_note": mark,
    }
    return Prepared(payable.payment_id, mark, json.dumps(body).encode(), {"charge": reference})


def send(client: Client, sendable: Sendable) -> Finding:
    """Ask for it once. Calls out; never raises for the world's faults. An acceptance is never yet the end."""
    try:
        reply = client.post("/refund", sendable.envelope, operation="refund")
    except Fault as fault:
        return findings.of(fault, send_no=sendable.send_no)
    found = _read(reply.data, sendable, client.account.domain, {"trace": reply.trace})
    ended = found.outcome in (Outcome.SUCCEEDED, Outcome.REVERSED)
    return findings.to_verify(found) if ended else found


def look(client: Client, asked: Asked) -> Finding:
    """What became of it: by Paystack's number once that is known, else by our mark. Calls out. Raises Fault."""
    if asked.known.provider_ref.startswith(_REF):
        reply = client.get(f"/refund/{asked.known.provider_ref.removeprefix(_REF)}")
        return _read(reply.data, asked, client.account.domain, {"trace": reply.trace})
    try:
        marked = [row for row in _of_charge(client, asked) if asked.identity in str(row.get("merchant_note"))]
    except Odd as odd:
        return findings.unknown("answer_unreadable", f"the list of refunds can't be read: {odd}", {})
    if len(marked) > 1:
        text = f"{len(marked)} refunds bear our mark where one was asked for"
        return findings.unknown(
            "refunded_twice", text, {"refunds": [row.get("id") for row in marked]}, park=True
        )
    if not marked:
        return findings.unknown(
            "refund_not_seen", "no refund of the charge bears our mark", {"not_seen": True}
        )
    return _read(marked[0], asked, client.account.domain, {})


def ref_of(number: Any) -> str:
    """What evidence calls the refund of this number."""
    return f"{_REF}{number}" if number else ""


def _of_charge(client: Client, asked: Asked) -> list[Mapping[str, Any]]:
    """The refunds of the charge; whether the list was narrowed is not relied upon."""
    charge = asked.instructions["charge"]
    words_of_it = {str(charge.get(name)) for name in ("identity", "movement_id", "provider_ref")}
    query = {"transaction": charge.get("movement_id") or charge["identity"]}
    return [
        row
        for row in pages.rows(client, "/refund", query, most=_PAGES_MOST)
        if words_of_it & {str(row.get("transaction")), str(row.get("transaction_reference"))}
    ]


def _read(data: Any, one: Sendable | Asked, domain: str, detail: dict[str, Any]) -> Finding:
    """What a refund says. Its amount may be told as text."""
    try:
        found = strict.members(data)
        number, status = strict.whole(found, "id"), strict.text(found, "status")
        amount, currency = strict.whole(found, "amount"), strict.currency(found)
        if (mode := strict.text(found, "domain")) != domain:
            text = f"Paystack answers of {mode} money, and this deployment is {domain}"
            return findings.unknown("wrong_mode", text, detail, park=True)
    except Odd as odd:
        return findings.unknown("answer_unreadable", f"the refund can't be read: {odd}", detail)
    ref, detail = ref_of(number), {**detail, "status": status}
    outcome = words.REFUND.get(status)
    if outcome is None:
        text = f"Paystack calls it {redact(status, most=40)!r}"
        return findings.unknown("status_unknown", text, detail)
    if outcome is Outcome.SUCCEEDED:
        return Finding(
            outcome, provider_ref=ref, movement_id=ref, gross_minor=amount, currency=currency, detail=detail
        )
    if outcome is Outcome.REVERSED:
        text = "Paystack could not give it back; the money is in the balance again"
        return Finding(
            outcome, FailureClass.HARD_DECLINE, "refund_failed", text, provider_ref=ref, detail=detail
        )
    asks = status == "needs-attention"
    text = "Paystack needs the payer's bank account for it: give it in its dashboard" if asks else ""
    return Finding(outcome, code=status.replace("-", "_"), message=text, provider_ref=ref, detail=detail)
