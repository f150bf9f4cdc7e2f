"""Texts of others without what must not be shown: a provider may quote our key back, or a payer's card."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote

_GONE = "[redacted]"
# Keys as the providers write them, credentials of a header, user and password of a URL.
_SHAPES = re.compile(
    r"\b(?:[sr]k_(?:live|test)_|whsec_|FLWSECK(?:_TEST)?-)[A-Za-z0-9_\-*]+"
    r"|\b(?:Bearer|Basic)\s+(?=\S*\d)[A-Za-z0-9+/=._~\-]{8,}"
    r"|(?<=://)[^/\s@]+(?=@)"
    r"|\beyJ[\w\-]+\.[\w\-]+\.[\w\-]*",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"(?<!\d)\d(?:[ \-]?\d){12,18}(?!\d)")


def redact(text: str, secrets: Iterable[str] = (), *, most: int = 300) -> str:
    """`text` on one line of at most `most` characters, without `secrets` (as they are, percent-encoded or base64),
    without what looks like a key, and without card numbers."""
    for secret in secrets:
        for written in _ways(secret):
            text = text.replace(written, _GONE)
    text = _DIGITS.sub(lambda found: _GONE if _is_card(found[0]) else found[0], _SHAPES.sub(_GONE, text))
    return " ".join(text.split())[:most]


def _ways(secret: str) -> list[str]:
    """Longest first; a secret of under four characters would take whole words with it."""
    if len(secret) < 4:
        return []
    plain = base64.b64encode(secret.encode()).decode()
    with_colon = base64.b64encode(f"{secret}:".encode()).decode()
    return sorted({secret, quote(secret, safe=""), plain, with_colon}, key=len, reverse=True)


def _is_card(text: str) -> bool:
    """Luhn's sum, of 13 to 19 digits."""
    digits = [int(each) for each in text if each.isdigit()][::-1]
    doubled = [sum(divmod(2 * each, 10)) for each in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
