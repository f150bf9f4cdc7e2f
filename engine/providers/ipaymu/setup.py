"""A way to pay at iPaymu: nothing is approved and no number is kept; whom to ask, and by which channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core.errors import Refusal
from engine.providers.abilities import Payer, SetupAsked, SetupFound
from engine.providers.ipaymu import terms
from engine.providers.ipaymu.sheet import CURRENCY

OPTIONS = frozenset({"channel"})


def ask(*, payer: Payer, currency: str, return_url: str, options: Mapping[str, Any]) -> SetupAsked:
    """Of kind "none": there is nothing to approve. Options: `channel`, such as va:bni. Pure. Raises Refusal."""
    unknown = ", ".join(sorted(set(options) - OPTIONS))
    if unknown:
        raise Refusal("option_unknown", f"this rail has no option {unknown}", param="options")
    if currency != CURRENCY:
        raise Refusal("currency_not_offered", f"iPaymu takes {CURRENCY}, not {currency}", param="currency")
    details = {
        "source": payer.customer_id.hex,
        "name": payer.name,
        "email": payer.email,
        "phone": payer.phone,
        "channel": options.get("channel") or "",
        "return_url": return_url,
    }
    terms.read(details)
    return SetupAsked(kind="none", details=details)


def find(details: Mapping[str, Any]) -> SetupFound:
    """Ready at once. Pure. Raises Refusal for details that are none."""
    channel = terms.read(details).channel
    return SetupFound(granted=True, details=dict(details), label={"channel": channel or "page"})
