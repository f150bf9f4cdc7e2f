"""Who pays and how: the frozen instructions of a payment, checked and typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.core.errors import Refusal
from engine.providers.ipaymu.words import METHODS

_CHANNEL = re.compile(rf"({'|'.join(METHODS)}):[a-z0-9_]{{2,30}}")
_MOST = 100


@dataclass(frozen=True, slots=True)
class Terms:
    """`channel` is `method:code` such as va:bni, or "" for the page on which the payer chooses."""

    name: str
    email: str
    phone: str
    channel: str
    return_url: str


def read(details: Mapping[str, Any]) -> Terms:
    """Typed. Pure. Raises Refusal naming the field."""
    terms = Terms(*(_text(details, name) for name in ("name", "email", "phone", "channel", "return_url")))
    if not terms.name:
        raise Refusal("payer_name_missing", "iPaymu needs the payer's name", param="name")
    if "@" not in terms.email:
        raise Refusal("payer_email_missing", "iPaymu needs the payer's email address", param="email")
    if terms.channel and not _CHANNEL.fullmatch(terms.channel):
        raise Refusal("channel_unknown", f"a channel is method:code such as va:bni, the method one of "
                      f"{', '.join(METHODS)}; empty is the page where the payer chooses", param="channel")  # fmt: skip
    if terms.channel and not terms.phone:
        raise Refusal(
            "payer_phone_missing", "iPaymu needs the payer's phone number for a channel's code", param="phone"
        )
    return terms


def _text(details: Mapping[str, Any], name: str) -> str:
    value = details.get(name) or ""
    if not isinstance(value, str) or len(value) > (2000 if name == "return_url" else _MOST):
        raise Refusal("payer_field_invalid", f"{name} is text of at most {_MOST} characters", param=name)
    return value.strip()
