"""Card numbers: what looks like one, refusing it, and hiding it where it came all the same (row 4.33).

Cards are given to the gateways' own fields and pages: what is sent to us is refused, and what still gets near a log
or a stored callback is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from engine.core.errors import Refusal

CODE = "card_number"
SENTENCE = (
    "this looks like a card number, and none may come to us: the payer gives it to the provider's own fields or page "
    "(POST /api/payment-methods)"
)
_LEAST, _MOST = 13, 19
# Between two groups of a number; %20 and %2D are how an address writes it.
_GAP = r"(?:%20|%2[Dd]|[\s+\-\u00a0\u2010-\u2015\u2212])"
_PART = re.compile(rf"(?P<gap>{_GAP}{{1,3}})|[^\W_]+")
_MAYBE = re.compile(rf"\d(?:{_GAP}{{0,3}}\d){{{_LEAST - 1}}}")
_UUID = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Za-z])")
# What a card's other secret is called: its value is three digits, which only their name gives away.
_NAMES = {
    "cvc", "cvv", "cvc2", "cvv2", "cardcvc", "cardcvv", "cardnumber", "cardno", "ccnumber", "securitycode",
    "cardsecuritycode", "cardverificationcode", "cardverificationvalue",
}  # fmt: skip


class Group(NamedTuple):
    """Digits that stand together, and where."""

    start: int
    end: int
    digits: str


def holds(text: str) -> bool:
    """Whether a card number stands in `text`: 13 to 19 digits that Luhn's sum allows, whole or in groups.

    With care, because ids and amounts are numbers too. Groups are parted by blanks or dashes, and each but the last
    has four to six digits: dates and lists of small numbers are none. It begins with 2 to 6, as the cards do that
    gateways take (13 digits with 4 alone): no time in milliseconds is one, nor a telephone number with its plus.
    Digits that touch a letter are part of an id, and what has the form of a UUID is one.
    """
    return next(_spans(text), None) is not None


def names_a_secret(name: str) -> bool:
    """Whether a field of that name is meant for a card's number or its check code."""
    return re.sub(r"[^a-z0-9]", "", name.lower()) in _NAMES


def refuse(text: str, *, param: str) -> None:
    """Raise Refusal, naming the field and not the number, for text with a card number in it."""
    if holds(text):
        raise Refusal(CODE, SENTENCE, param=param)


def mask(text: str) -> str:
    """`text` with stars for the digits of each card number, but for the last four."""
    hidden = text
    for start, end in _spans(text):
        shown = [place for place in range(start, end) if text[place].isdecimal()][-4]
        hidden = hidden[:start] + re.sub(r"\d", "*", text[start:shown]) + hidden[shown:]
    return hidden


def masked(value: Any) -> Any:
    """The same for each text in lists and objects, whatever their depth; numbers stay as they are."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {masked(name): masked(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [masked(inner) for inner in value]
    return value


def masked_bytes(raw: bytes) -> bytes:
    """The same for a body as it came, whatever its encoding."""
    return mask(raw.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where card numbers stand, from the first digit to behind the last."""
    if not _MAYBE.search(text):
        return
    for run in _runs(_UUID.sub(lambda found: "x" * len(found[0]), text)):
        first = 0
        while first < len(run):
            last = _last_group(run, first)
            if last is not None:
                yield run[first].start, run[last].end
            first = (first if last is None else last) + 1


def _runs(text: str) -> Iterator[list[Group]]:
    """Groups of digits with nothing but a gap between them; a telephone number with its plus is left out."""
    run: list[Group] = []
    behind = -1  # where the gap behind the last group ends
    for found in _PART.finditer(text):
        if found["gap"]:
            behind = found.end() if run and found.start() == run[-1].end else -1
            continue
        if run and (behind != found.start() or not found[0].isdecimal()):
            yield run
            run = []
        if found[0].isdecimal() and not _is_telephone(text, found):
            run.append(Group(found.start(), found.end(), "".join(str(int(digit)) for digit in found[0])))
        behind = -1
    if run:
        yield run


def _is_telephone(text: str, found: re.Match[str]) -> bool:
    return text[max(0, found.start() - 1) : found.start()] == "+" and 13 <= len(found[0]) <= 15


def _last_group(run: list[Group], first: int) -> int | None:
    """The last group of the card number that begins with `first`; None if none does."""
    digits = ""
    for number in range(first, len(run)):
        digits += run[number].digits
        if len(digits) > _MOST:
            return None
        if len(digits) >= _LEAST and _is_card(digits):
            return number
        if not 4 <= len(run[number].digits) <= 6:
            return None
    return None


def _is_card(digits: str) -> bool:
    if digits[0] not in ("4" if len(digits) == _LEAST else "23456"):
        return False
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
