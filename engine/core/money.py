"""Money: whole minor units with a currency. No floats, ever (danger D24)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

MAX_MINOR = 2**63 - 1
# What callers may name is far below what a column holds, so that nine thousand of the highest still add up in one.
HIGHEST_PRICE_MINOR = 10**15
HIGHEST_APPROVAL_MINOR = 10**18
# Decimal places of each currency we know: ISO 4217 for fiat, the mint's decimals for tokens.
EXPONENTS: dict[str, int] = {
    "SOL": 9, "USDC": 6, "USDT": 6, "USD": 2, "EUR": 2, "GBP": 2, "NGN": 2, "GHS": 2, "ZAR": 2,
    "KES": 2, "INR": 2, "BRL": 2, "IDR": 0, "JPY": 0, "KRW": 0, "VND": 0, "XOF": 0, "XAF": 0,
    "BHD": 3, "KWD": 3, "TND": 3,
}  # fmt: skip


class MoneyError(ValueError):
    """A refused amount or currency. `param` names the field."""

    def __init__(self, message: str, *, param: str) -> None:
        super().__init__(message)
        self.param = param


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """`minor` whole minor units (lamports, cents) of `currency`."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise MoneyError("an amount is a whole number of minor units", param="amount_minor")
        if abs(self.minor) > MAX_MINOR:
            raise MoneyError("the amount is beyond 64 bits", param="amount_minor")
        exponent(self.currency)

    def __str__(self) -> str:
        return f"{to_major(self.minor, self.currency)} {self.currency}"


def exponent(currency: str) -> int:
    """Decimal places of `currency`. Raises MoneyError for one that is not known."""
    try:
        return EXPONENTS[currency]
    except (KeyError, TypeError):
        raise MoneyError(f"currency {currency!r} is not known", param="currency") from None


def to_major(minor: int, currency: str) -> Decimal:
    """Minor units as an exact decimal in major units: 1500, "USD" -> Decimal("15.00")."""
    return Decimal(minor).scaleb(-exponent(currency))


def shown(minor: int, currency: str) -> str:
    """An amount for people, in major units where the currency is known."""
    return str(Money(minor, currency)) if currency in EXPONENTS else f"{minor} minor units of {currency}"


def positive(minor: object, *, param: str, most: int = MAX_MINOR) -> int:
    """`minor` if it is a whole number from 1 to `most`. Raises MoneyError naming `param` otherwise."""
    if type(minor) is not int:
        raise MoneyError(f"{param} is a whole number of minor units", param=param)
    if minor <= 0:
        raise MoneyError(f"{param} must be above zero", param=param)
    if minor > MAX_MINOR:
        raise MoneyError(f"{param} is beyond 64 bits", param=param)
    if minor > most:
        raise MoneyError(f"{param} is at most {most} minor units", param=param)
    return minor


def share(minor: int, basis_points: int) -> int:
    """`basis_points` hundredths of a percent of `minor`, rounded half up in whole minor units."""
    return (minor * basis_points + 5_000) // 10_000


def split(minor: int, weights: Sequence[int]) -> list[int]:
    """`minor` in parts by weight that add up exactly: largest remainder, ties to the first."""
    total = sum(weights)
    if total <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("weights are whole numbers, none below zero, not all zero")
    parts = [minor * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda n: (-(minor * weights[n] % total), n))
    for n in by_remainder[: minor - sum(parts)]:
        parts[n] += 1
    return parts
