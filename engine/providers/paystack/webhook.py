"""Callbacks: HMAC-SHA512 (hex) over the raw bytes by our secret key. No moment is signed, and no event has an id."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.core.errors import Refusal
from engine.providers.abilities import Hint
from engine.providers.base import Outcome
from engine.providers.paystack import identity, words
from engine.providers.paystack.account import Account

HEADER = "x-paystack-signature"
_LIVE = {"live": True, "test": False}
_WORDS = {"charge": words.CHARGE, "refund": words.REFUND, "transfer": words.TRANSFER}


def parse(account: Account, body: bytes, headers: Mapping[str, str]) -> list[Hint]:
    """What it is about. No calls, no database. Raises Refusal "signature_wrong", "callback_unreadable"."""
    given = next((value for name, value in headers.items() if name.lower() == HEADER), "")
    if not is_signed(body, given, account.signers):
        raise Refusal("signature_wrong", "the callback is not signed by a key of ours", param=HEADER)
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    kind = found.get("event") if isinstance(found, dict) else None
    if not isinstance(kind, str) or not kind:
        raise Refusal("callback_unreadable", "the callback names no event", param="body")
    data = found.get("data")
    return [_hint(kind, data if isinstance(data, dict) else {}, hashlib.sha256(body).hexdigest())]


def is_signed(body: bytes, given: str, keys: Sequence[str]) -> bool:
    """Whether one of `keys` signed these bytes, in a time that does not tell how much of it fits."""
    good = False
    for key in keys:
        made = hmac.new(key.encode(), body, hashlib.sha512).hexdigest()
        good |= hmac.compare_digest(made.encode(), given.strip().lower().encode())
    return good


def _hint(kind: str, data: Mapping[str, Any], digest: str) -> Hint:
    domain = data.get("domain")
    live = _LIVE.get(domain) if isinstance(domain, str) else None
    event = Hint(digest, kind[:100], live=live, says=_says(kind))
    if kind.startswith("charge.dispute."):
        return replace(event, dispute_ref=_word(data.get("id")))
    if kind.startswith("refund."):
        charge = _word(data.get("transaction_reference"))  # nothing in it names the refund itself
        method = identity.setup_of(charge)
        ours = charge if method or identity.is_attempt(charge) else ""
        return replace(event, identity=ours, setup_ref=method)
    reference = _word(data.get("reference"))
    if identity.is_attempt(reference):
        number = _word(data.get("transfer_code") or data.get("id"))
        return replace(event, identity=reference, provider_ref=number)
    return replace(event, setup_ref=identity.setup_of(reference))


def _says(kind: str) -> Outcome | None:
    of, _, word = kind.partition(".")
    found = _WORDS.get(of, {}).get(word)
    return None if found is Outcome.PENDING else found


def _word(value: Any) -> str:
    """A number or a code as text, "" for anything else."""
    return str(value)[:100] if isinstance(value, str | int) and not isinstance(value, bool) else ""
