"""Names by which Paystack knows what is ours: one rule that its transactions and its transfers both take.

Transactions take letters, digits, `-`, `.` and `=`; transfers 16 to 50 of small letters, digits, `-` and `_`.
"""

from __future__ import annotations

import re
import secrets
from uuid import UUID

from engine.core.errors import Refusal

_ATTEMPT = re.compile(r"[0-9a-f]{32}-[0-9a-f]{8}")
_SETUP = re.compile(r"setup\.([A-Za-z0-9=-]{1,80})\.[0-9]")


def fresh(payment_id: UUID) -> str:
    """A new attempt's reference: 41 characters."""
    return f"{payment_id.hex}-{secrets.token_hex(4)}"


def is_attempt(reference: str) -> bool:
    """Whether `fresh` can have made it."""
    return _ATTEMPT.fullmatch(reference) is not None


def of_setup(reference: str, turn: int) -> str:
    """The reference of a setup's own payment, the same for the same turn. Raises Refusal for what can't be one."""
    found = f"setup.{reference.replace('_', '=')}.{turn}"
    if not _SETUP.fullmatch(found) or "=" in reference:
        raise Refusal(
            "reference_invalid", "a reference has letters, digits, - and _, 80 at most", param="reference"
        )
    return found


def setup_of(reference: str) -> str:
    """The reference that `of_setup` was given; "" for any other text."""
    found = _SETUP.fullmatch(reference)
    return found[1].replace("=", "_") if found else ""
