"""Money at Flutterwave: decimals outside, whole minor units in the books; one balance for both versions."""

from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.gateways.books import OUTSIDE, Account
from sandbox.gateways.world import World

NAME = "flutterwave"
PLATFORM = Account(NAME, "platform")
TRANSIT = Account(NAME, "platform", "transit")
PAYERS, BANKS, FEES, WORLD = (Account(NAME, OUTSIDE, part) for part in ("payers", "banks", "fees", "world"))
DIGITS = {"NGN": 2, "GHS": 2, "KES": 2, "ZAR": 2, "USD": 2, "EUR": 2, "GBP": 2, "UGX": 0, "RWF": 0, "XAF": 0,
          "XOF": 0, "TZS": 2}  # fmt: skip
"""Decimal places of the currencies that are known here."""


def minor(value: Any, currency: str) -> int | None:
    """A decimal above zero as whole minor units; None where it is none, or finer than the currency.

    A float counts as the shortest decimal that reads as it, which is what stood in the JSON.
    """
    try:
        found = Decimal(str(value)).scaleb(DIGITS[currency])
    except (InvalidOperation, KeyError):
        return None
    whole = (
        found.is_finite() and found > 0 and found == found.to_integral_value() and not isinstance(value, bool)
    )
    return int(found) if whole else None


def major(amount: int, currency: str) -> int | float:
    """Minor units as the number that JSON carries."""
    found = Decimal(amount).scaleb(-DIGITS[currency])
    return int(found) if found == found.to_integral_value() else float(found)


def move(world: World, row: dict[str, Any], kind: str, source: Account, target: Account, amount: int) -> None:
    """Move money for a row that has ``reference``, ``currency`` and ``id``."""
    more = {"reference": row["reference"], "object_id": str(row["id"])}
    world.books.move(kind, source, target, amount, row["currency"], **more)


def drain(world: World) -> None:
    """Take the whole balance away."""
    for currency in world.books.currencies(PLATFORM):
        held = world.books.balance(PLATFORM, currency)
        if held > 0:
            world.books.move("drain", PLATFORM, WORLD, held, currency)
