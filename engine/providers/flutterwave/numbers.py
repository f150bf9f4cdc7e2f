"""Money on the wire: decimals in major units, exact both ways; no float ever stands between."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from engine.core import money

_DECIMAL = re.compile(r"-?\d{1,20}(\.\d{1,20})?")
_DIGITS_MAX = 20


def major(minor: int, currency: str) -> Decimal:
    """Minor units as the decimal that is sent: 30050, "NGN" -> Decimal("300.50")."""
    return money.to_major(minor, currency)


def minor(value: Any, currency: Any) -> int | None:
    """A number of an answer as whole minor units; None where it is none, or finer than its currency.

    `value` is what `Answer.json` made: an int or a Decimal; text where they write numbers as text.
    """
    found = decimal(value)
    if found is None or not isinstance(currency, str) or currency not in money.EXPONENTS:
        return None
    scaled = found.scaleb(money.exponent(currency))
    whole = scaled == scaled.to_integral_value() and abs(scaled) <= money.MAX_MINOR
    return int(scaled) if whole else None


def fee(value: Any, currency: str) -> int:
    """A fee in whole minor units: they write thousandths, which are rounded half up. 0 where it can't be read."""
    found = decimal(value)
    if found is None or currency not in money.EXPONENTS:
        return 0
    scaled = found.scaleb(money.exponent(currency)).to_integral_value(ROUND_HALF_UP)
    return int(scaled) if 0 <= scaled <= money.MAX_MINOR else 0


def dumps(value: Any) -> str:
    """JSON in which a Decimal is a number of its own digits."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        members = (f"{json.dumps(name)}:{dumps(each)}" for name, each in value.items())
        return "{" + ",".join(members) + "}"
    return json.dumps(value)


def decimal(value: Any) -> Decimal | None:
    """A number of an answer, exact; None for what is none, or longer than any amount."""
    if isinstance(value, str):
        value = Decimal(value) if _DECIMAL.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() and found.adjusted() < _DIGITS_MAX else None
