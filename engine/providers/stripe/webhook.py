"""Callbacks: the library's own check of the signature, and what each is about. A hint: the truth is looked up."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

import stripe

from engine.core.errors import Refusal
from engine.providers.abilities import Hint
from engine.providers.base import Outcome
from engine.providers.stripe.reading import Json, named, part, text

TOLERANCE_SECONDS = 300
_SAYS = {
    "payment_intent.succeeded": Outcome.SUCCEEDED,
    "payment_intent.payment_failed": Outcome.DECLINED,
    "payment_intent.canceled": Outcome.DECLINED,
    "refund.failed": Outcome.REVERSED,
    "payout.paid": Outcome.SUCCEEDED,
    "payout.failed": Outcome.REVERSED,
    "payout.canceled": Outcome.DECLINED,
    "transfer.reversed": Outcome.REVERSED,
}


def hints(secrets: tuple[str, ...], body: bytes, headers: Mapping[str, str]) -> list[Hint]:
    """What a callback is about. No calls, no database. Raises Refusal."""
    header = next((value for name, value in headers.items() if name.lower() == "stripe-signature"), "")
    try:
        payload = body.decode()
    except UnicodeDecodeError:
        raise Refusal("callback_unreadable", "The callback is no text.") from None
    if not any(_signed(payload, header, secret) for secret in secrets):
        raise Refusal("signature_wrong", "The callback's signature is not of our secret.")
    _check_age(header)
    try:
        event = json.loads(payload)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict) or event.get("object") != "event" or not text(event, "id"):
        raise Refusal("callback_unreadable", "The callback is no event of Stripe.")
    return [hint_of(event)]


def _signed(payload: str, header: str, secret: str) -> bool:
    """The library compares in constant time. Its look at the age alone would let the future pass: ours is below.

    It fails on a signature that is no ASCII, which nobody made with a secret.
    """
    if not header.isascii():
        return False
    try:
        return bool(stripe.WebhookSignature.verify_header(payload, header, secret))
    except stripe.SignatureVerificationError:
        return False


def _check_age(header: str) -> None:
    """By the moment that was signed with the body. Raises Refusal for the past and for the future."""
    signed_at = int(next(each[2:] for each in header.split(",") if each.startswith("t=")))
    now = time.time()  # noqa: TID251 (machine time without a database: a callback is checked before it is stored)
    if abs(now - signed_at) > TOLERANCE_SECONDS:
        raise Refusal("callback_too_old", "The callback was signed more than five minutes away from now.")


def hint_of(event: Json) -> Hint:
    """What an event is about. Pure."""
    found = part(part(event, "data"), "object")
    kind, live = text(event, "type"), event.get("livemode")
    about = _ABOUT.get(text(found, "object"), _nothing)(found)
    return Hint(
        event["id"], kind, **about, live=live if isinstance(live, bool) else None, says=_SAYS.get(kind)
    )


def _attempt(found: Json) -> dict[str, str]:
    return {"identity": text(part(found, "metadata"), "identity"), "provider_ref": text(found, "id")}


def _charge(found: Json) -> dict[str, str]:
    return {"provider_ref": named(found, "payment_intent")}


def _dispute(found: Json) -> dict[str, str]:
    return {"dispute_ref": text(found, "id")}


def _setup(found: Json) -> dict[str, str]:
    return {"setup_ref": text(part(found, "metadata"), "reference")}


def _nothing(found: Json) -> dict[str, str]:
    return {}


# By the kind of object that an event is about; of others nothing is looked up.
_ABOUT: Mapping[str, Callable[[Json], dict[str, str]]] = {
    "payment_intent": _attempt,
    "refund": _attempt,
    "transfer": _attempt,
    "payout": _attempt,
    "charge": _charge,
    "dispute": _dispute,
    "setup_intent": _setup,
}
