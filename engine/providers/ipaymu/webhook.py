"""A callback read: form or JSON, its signature in any of iPaymu's forms, and which attempt it is about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import structlog

from engine.core.errors import Refusal
from engine.providers.abilities import Hint, SignatureWrong
from engine.providers.base import Outcome
from engine.providers.ipaymu import signing
from engine.providers.ipaymu.account import Account
from engine.providers.ipaymu.sheet import NAME
from engine.providers.ipaymu.transaction import number_of, whole
from engine.providers.ipaymu.words import ENDED, PAID, Status

log = structlog.get_logger(__name__)
_FIELDS_MAX = 200
_MOST = 200


def parse(account: Account, body: bytes, headers: Mapping[str, str]) -> list[Hint]:
    """What it is about. Pure. Raises Refusal "callback_unreadable", SignatureWrong with its hints."""
    named = {name.lower(): value for name, value in headers.items()}
    fields, typed = _fields(body, named.get("content-type", ""))
    hints = _hints(fields, body)
    given = named.get("x-signature") or str(fields.get("signature") or "")
    try:
        form = signing.matches(fields, given, account.va, typed=typed)
    except (UnicodeError, RecursionError):
        raise _unreadable() from None
    if not form:
        raise SignatureWrong(
            "X-Signature holds for this body in none of the forms that iPaymu signs", hints=hints
        )
    log.info("a callback's signature holds", provider=NAME, form=form)
    return hints


def _fields(body: bytes, content_type: str) -> tuple[dict[str, Any], bool]:
    """Its members, and whether they came with types: a form has lost them."""
    try:
        text = body.decode()
        if content_type.lower().startswith("application/json") or text.lstrip().startswith("{"):
            found = json.loads(text)
            if isinstance(found, dict):
                return found, True
        else:
            pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS_MAX)
            return dict(pairs), False
    except (ValueError, RecursionError):
        pass  # neither; said below, without the library's text
    raise _unreadable()


def _hints(fields: Mapping[str, Any], body: bytes) -> list[Hint]:
    """One. Its id is made from its bytes: what arrives twice is one.

    iPaymu's own (X-External-ID) is signed by nobody: who sends a genuine one on could give it the id of another, which
    would then be taken for one that had come before.
    """
    reference = _plain(fields.get("reference_id") or fields.get("referenceId"))
    number = number_of({"TransactionId": fields.get("trx_id")})
    if not reference and not number:
        raise _unreadable()
    event_id = f"sha256-{hashlib.sha256(body).hexdigest()}"
    word, said = _plain(fields.get("status")), _says(fields)
    return [Hint(event_id, word, identity=reference, provider_ref=number, says=said)]


def _says(fields: Mapping[str, Any]) -> Outcome | None:
    code = whole(fields.get("transaction_status_code") or fields.get("status_code"))
    if code in PAID:
        return Outcome.SUCCEEDED
    if code in ENDED:
        return Outcome.DECLINED
    return Outcome.REVERSED if code == Status.REFUNDED else None


def _plain(value: Any) -> str:
    """Our references and iPaymu's words are short and of ASCII; what is not is none of them."""
    text = str(value or "")
    return text if text.isascii() and text.isprintable() and len(text) <= _MOST else ""


def _unreadable() -> Refusal:
    return Refusal("callback_unreadable", "the callback is neither a form nor JSON that names a transaction")
