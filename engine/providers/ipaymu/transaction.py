"""A transaction as iPaymu shows it: read strictly where money hangs on it, leniently elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from engine.providers.ipaymu.words import Status

JAKARTA = timezone(timedelta(hours=7))  # the clock of all its moments
_MOMENT = "%Y-%m-%d %H:%M:%S"
_WHOLE = re.compile(r"-?\d{1,18}(\.0+)?")


@dataclass(frozen=True, slots=True)
class Transaction:
    """`asked_minor` is what was asked of the payer for us, `fee_minor` iPaymu's share of it that is ours to bear.

    A fee that the payer bears comes on top and never is ours. `status` None is a word that we do not know.
    """

    number: str
    reference: str
    status: Status | None
    asked_minor: int
    fee_minor: int
    raw_status: str
    row: Mapping[str, Any]


def read(row: Any, *, asked_minor: int) -> Transaction | None:
    """A row of /transaction or of the history; None where it does not fit, or its amounts contradict each other."""
    row = row if isinstance(row, dict) else {}
    number, status, amounts = number_of(row), row.get("Status"), _amounts(row, asked_minor)
    if not number or amounts is None or status is None:
        return None
    return Transaction(
        number, str(row.get("ReferenceId") or ""), _known(status), *amounts, str(status)[:40], row
    )


def number_of(row: Mapping[str, Any]) -> str:
    """Its number, "" where there is none."""
    found = whole(row.get("TransactionId"))
    return str(found) if found and found > 0 else ""


def as_asked(row: Mapping[str, Any], asked_minor: int) -> bool:
    """Whether a creation's answer asks the payer for what we asked."""
    total, fee = whole(row.get("Total")), whole(row.get("Fee")) or 0
    return total in (asked_minor, asked_minor + fee)


def _known(status: Any) -> Status | None:
    number = whole(status)
    return next((each for each in Status if each == number), None)


def _amounts(row: Mapping[str, Any], asked_minor: int) -> tuple[int, int] | None:
    """(asked for us, our fee). Where no sub-total is shown, a fee on top is read from what makes the rest ours."""
    amount, fee = whole(row.get("Amount")), whole(row.get("Fee") or 0)
    shown = row.get("SubTotal")
    if amount is None or fee is None or amount <= 0 or fee < 0:
        return None
    if shown is None:
        beside = fee > 0 and amount != asked_minor and amount - fee == asked_minor
        return (amount - fee, 0) if beside else (amount, fee)
    subtotal = whole(shown)
    if subtotal is None or amount not in (subtotal, subtotal + fee):
        return None
    return subtotal, fee if amount == subtotal else 0


def action_of(row: Mapping[str, Any], expires_at: str) -> dict[str, Any] | None:
    """What the payer is to do about a code: follow an address, show a picture's text, or pay to a number."""
    ends = moment(row.get("Expired") or row.get("ExpiredDate"))
    common = {"expires_at": ends.isoformat() if ends else expires_at}
    via, channel = row.get("Via"), row.get("Channel")
    if via and channel:
        common["channel"] = f"{via}:{channel}".lower()
    for kind, member, name in (
        ("redirect", "url", "Url"),
        ("qr", "qr", "QrString"),
        ("number", "number", "PaymentNo"),
    ):
        value = row.get(name)
        if value and isinstance(value, str | int) and (kind != "redirect" or str(value).startswith("http")):
            return {"type": kind, member: str(value), **common}
    return None


def whole(value: Any) -> int | None:
    """Whole rupiah, or a number: as one, or as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    text = str(value).strip()
    return int(text.partition(".")[0]) if _WHOLE.fullmatch(text) else None


def moment(text: Any) -> datetime | None:
    """One of its moments, UTC; None where it is none."""
    try:
        return datetime.strptime(str(text), _MOMENT).replace(tzinfo=JAKARTA).astimezone(UTC)
    except ValueError:
        return None


def local(at: datetime) -> str:
    """A moment as it writes it."""
    return at.astimezone(JAKARTA).strftime(_MOMENT)
