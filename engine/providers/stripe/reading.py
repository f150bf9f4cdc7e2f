"""What is read from Stripe's objects: strictly what money depends on, leniently the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from engine.providers.base import Asked, FailureClass, Finding, Outcome, Sendable

Json = Mapping[str, Any]


class Heard(NamedTuple):
    """An object as Stripe answered it, and what is stored with the evidence."""

    found: Json
    trace: Json


class Odd(Exception):
    """An object does not fit what the API says of it; the text names the member, never its value."""


def word(found: Json, name: str) -> str:
    """A text that is not empty. Raises Odd."""
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise Odd(f"{name} is no text")
    return value


def whole(found: Json, name: str) -> int:
    """A whole number of minor units, or of seconds. Raises Odd."""
    value = found.get(name)
    if type(value) is not int:
        raise Odd(f"{name} is no whole number")
    return value


def currency(found: Json) -> str:
    """Three letters, as we write them. Raises Odd."""
    value = word(found, "currency")
    if len(value) != 3 or not (value.isascii() and value.isalpha()):
        raise Odd("currency is no currency")
    return value.upper()


def part(found: Json, name: str) -> Json:
    """An object inside; {} where there is none."""
    value = found.get(name)
    return value if isinstance(value, Mapping) else {}


def text(found: Json, name: str) -> str:
    """A text; "" where there is none."""
    value = found.get(name)
    return value if isinstance(value, str) else ""


def moment(found: Json, name: str) -> datetime:
    """Unix seconds as a moment. Raises Odd."""
    try:
        return datetime.fromtimestamp(whole(found, name), UTC)
    except (ValueError, OverflowError, OSError):
        raise Odd(f"{name} is no moment") from None


def named(found: Json, name: str) -> str:
    """The id of an object inside, whether it is shown whole or by its id; "" where there is none."""
    return text(found, name) or text(part(found, name), "id")


def is_of(found: Json, identity: str) -> bool:
    """Whether its metadata has our identity."""
    return text(part(found, "metadata"), "identity") == identity


def check(found: Json, kind: str, *, live: bool | None) -> str:
    """The id of an object of this kind and of our mode: real money, or not (None: it has no mode). Raises Odd."""
    if found.get("object") != kind:
        raise Odd(f"object is no {kind}")
    if live is not None and found.get("livemode") is not live:
        raise Odd("livemode is not ours")
    return word(found, "id")


def cost(found: Json) -> tuple[int, str]:
    """What Stripe took for a charge or refund, and in which currency; 0 where the answer does not say (yet)."""
    noted = part(found, "balance_transaction")
    fee = noted.get("fee")
    return (fee, currency(noted)) if type(fee) is int and fee > 0 else (0, "")


def judged(heard: Heard, judge: Callable[[Json], Finding]) -> Finding:
    """What `judge` makes of an object, with the trace of its answer; UNKNOWN of one that does not fit."""
    try:
        finding = judge(heard.found)
    except Odd as odd:
        finding = unknown("unreadable", f"Stripe's answer does not fit: {odd}")
    return replace(finding, detail={**finding.detail, "trace": heard.trace})


def differs(finding: Finding, one: Asked | Sendable) -> bool:
    """Whether another amount is said to have moved than was asked for."""
    said, asked = (finding.gross_minor, finding.currency), (one.amount_minor, one.currency)
    return finding.outcome is Outcome.SUCCEEDED and said != asked


def doubted(finding: Finding) -> Finding:
    """What is looked at again: the same must be said twice before money is booked as it was not asked for."""
    said = f"{finding.gross_minor} {finding.currency} is said to have moved, which was not asked for."
    ref, detail = finding.provider_ref, finding.detail
    return unknown("amount_differs", said, provider_ref=ref, detail=detail)


def not_listed() -> Finding:
    """No list shows it: the same key may be sent again, and acts once at most."""
    message = "Stripe lists nothing under our identity."
    return Finding(Outcome.MISSING, code="not_listed", message=message, detail={"not_seen": True})


def unknown(code: str, message: str, **more: Any) -> Finding:
    """Nothing is proved."""
    return Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, code, message, **more)
