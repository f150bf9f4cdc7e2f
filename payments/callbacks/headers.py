"""The headers of a callback as they may be kept: those that are, or may be, a secret go without their value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice

from engine.core import cards
from engine.providers.edge.redact import redact

_MOST, _LONGEST = 64, 400
# Credentials and cookies, and Flutterwave's verif-hash, which is the secret itself. A signature tells nothing.
_SECRET = re.compile(r"auth|cookie|token|secret|password|api-?key|verif-hash", re.IGNORECASE)


def kept(headers: Mapping[str, str]) -> dict[str, str]:
    """At most 64 of them, in lower case, on one line each, none with a card number."""
    return {
        cards.mask(name.lower()[:100]): "[redacted]"
        if _SECRET.search(name)
        else cards.mask(redact(value, most=_LONGEST))
        for name, value in islice(headers.items(), _MOST)
    }
