"""Checks of what callers hand in; each refusal names its field."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Model

from engine.core import money
from engine.core.errors import Refusal

M = TypeVar("M", bound=Model)


def text(value: object, *, param: str, longest: int) -> str:
    """`value` if it is text with something in it, at most `longest` characters."""
    if not isinstance(value, str) or not value.strip():
        raise Refusal(f"{param}_missing", f"{param} is needed", param=param)
    return optional_text(value, param=param, longest=longest)


def optional_text(value: object, *, param: str, longest: int) -> str:
    """`value` if it is text of at most `longest` characters, without a NUL."""
    if not isinstance(value, str) or len(value) > longest or "\0" in value:
        raise Refusal(f"{param}_invalid", f"{param} is text of at most {longest} characters", param=param)
    return value.strip()


def email(value: object) -> str:
    """`value` if it is empty or an e-mail address."""
    given = optional_text(value, param="email", longest=254)
    try:
        if given:
            validate_email(given)
    except ValidationError:
        raise Refusal("email_invalid", f"{given!r} is not an e-mail address", param="email") from None
    return given


def whole(value: object, *, param: str, lowest: int, highest: int) -> int:
    """`value` if it is a whole number in the range."""
    if type(value) is not int or not lowest <= value <= highest:
        raise Refusal(
            f"{param}_out_of_range", f"{param} is a whole number from {lowest} to {highest}", param=param
        )
    return value


def price(minor: object, currency: object) -> tuple[int, str]:
    """A price from 1 to 10^15 whole minor units, in a currency that is known."""
    try:
        if not isinstance(currency, str):
            raise money.MoneyError("currency is a code such as USDC", param="currency")
        money.exponent(currency)
        most = money.HIGHEST_PRICE_MINOR
        return money.positive(minor, param="price_minor", most=most), currency
    except money.MoneyError as fault:
        raise Refusal(f"{fault.param}_invalid", str(fault), param=fault.param) from None


def locked(model: type[M], pk: UUID, *, param: str, message: str = "") -> M:
    """The row, locked until the end of the caller's transaction. Raises Refusal where there is none."""
    found = model._default_manager.select_for_update(of=("self",)).filter(pk=pk).first()
    if found is None:
        raise Refusal(f"{param}_unknown", message or f"there is no {param} {pk}", param=param)
    return found
