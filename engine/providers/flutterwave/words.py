"""What banks say when they refuse, in the classes that policy acts on. Their own words stay with the evidence."""

from __future__ import annotations

import re

from engine.providers.base import FailureClass

_HARD, _SOFT, _ACTION = FailureClass.HARD_DECLINE, FailureClass.SOFT_DECLINE, FailureClass.PAYER_ACTION
# Looked for in this order in a word of theirs that was brought to snake_case.
_CARD = (
    ("insufficient", FailureClass.INSUFFICIENT_FUNDS),
    ("fraud", _HARD),
    ("stolen", _HARD),
    ("lost", _HARD),
    ("pick_up", _HARD),
    ("expired", _HARD),
    ("restricted", _HARD),
    ("closed", _HARD),
    ("blacklist", _HARD),
    ("not_permitted", _HARD),
    ("no_such", _HARD),
    ("invalid_card", _HARD),
    ("authentication", _ACTION),
    ("incorrect_pin", _ACTION),
    ("by_the_payer", _ACTION),
)
# A transfer: what we must mend (our wallet), what another day mends, and what only another account mends.
_PAYOUT = (
    ("insufficient", FailureClass.TECHNICAL),
    ("limit", _SOFT),
    ("unavailable", _SOFT),
    ("transfer_failed", _SOFT),
    ("creation", _SOFT),
    ("timeout", _SOFT),
)


def snake(text: object) -> str:
    """A word of theirs as a code: "Do not honour" -> "do_not_honor"."""
    return re.sub(r"[^a-z0-9]+", "_", str(text).lower()).strip("_").replace("honour", "honor")[:60]


def of_card(text: object) -> tuple[FailureClass, str]:
    """Why a charge was refused. What is in no table is soft: policy tries again, some days later."""
    code = snake(text) or "declined"
    return next((kind for part, kind in _CARD if part in code), _SOFT), code


def of_payout(text: object) -> tuple[FailureClass, str]:
    """Why a transfer came back. What is in no table only a person can mend."""
    code = snake(text) or "transfer_failed"
    return next((kind for part, kind in _PAYOUT if part in code), _HARD), code
