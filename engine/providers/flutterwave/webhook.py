"""Callbacks: a signature over the raw bytes, and a hint of what to look up. Never more than a hint."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.core.errors import Refusal
from engine.providers.abilities import Hint
from engine.providers.base import Outcome
from engine.providers.flutterwave import reading
from engine.providers.flutterwave.dialect import Dialect, Row

SETUP = "setup-"  # a reference that begins so is a setup's
_SAYS = {
    "successful": Outcome.SUCCEEDED,
    "succeeded": Outcome.SUCCEEDED,
    "completed": Outcome.SUCCEEDED,
    "failed": Outcome.DECLINED,
    "cancelled": Outcome.DECLINED,
    "reversed": Outcome.REVERSED,
}
_IDENTITY = re.compile(r"[0-9a-f]{32}-[0-9a-f]{8}")


def hints(dialect: Dialect, body: bytes, headers: Mapping[str, str]) -> list[Hint]:
    """What a callback is about, once one of our secrets made its signature. Pure. Raises Refusal.

    No time is compared: the moment in the body is the event's, and a try of some hours later carries it unchanged.
    What comes again is known by its event.
    """
    found = next((value for name, value in headers.items() if name.lower() == dialect.webhook_header), "")
    signature = found.strip().encode("utf-8", "replace")
    secrets = dialect.client.account.webhook_secrets
    if not any(dialect.genuine(secret, body, signature) for secret in secrets):
        raise Refusal(
            "signature_wrong", f"{dialect.webhook_header} was made by none of FLUTTERWAVE_WEBHOOK_SECRETS"
        )
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise Refusal("callback_unreadable", "the body is no JSON object")
    return [replace(dialect.hint(event), says=_SAYS.get(reading.status_of(data_of(event))))]


def data_of(event: Row) -> Row:
    """The object that a callback shows."""
    data = event.get("data")
    return data if isinstance(data, dict) else {}


def text_of(row: Row, *names: str) -> str:
    """The first of these members that is a text or a number, as text; "" without one."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value):
            return str(value)[:120]
    return ""


def about(event_id: str, kind: str, *, reference: str, provider_ref: str) -> Hint:
    """A hint whose reference is an attempt's or a setup's; any other is kept as it is."""
    if reference.startswith(SETUP):
        return Hint(event_id, kind, setup_ref=reference.removeprefix(SETUP))
    return Hint(event_id, kind, identity=reference, provider_ref=provider_ref)


def is_identity(text: str) -> bool:
    """Whether a text is a reference as submit.py makes them."""
    return bool(_IDENTITY.fullmatch(text))


def made_id(event: Mapping[str, Any], *parts: str) -> str:
    """An id for an event that names none: what of it stays the same if it comes twice."""
    text = "\n".join(parts) if all(parts) else json.dumps(event, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
