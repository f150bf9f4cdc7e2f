"""What is taken for a card number, what is not, and what is left of one where it is hidden."""

from __future__ import annotations

import pytest

from engine.core import cards
from engine.core.errors import Refusal
from engine.core.ids import uuid7

NUMBERS = [
    "4242424242424242", "4000000000009995", "5555555555554444", "2223003122003222", "378282246310005",
    "6011111111111117", "30569309025904", "4222222222222", "6304000000000000000", "5060666666666666666",
    "507850785078507812", "4084084084084081", "6200000000000005",
]  # fmt: skip
WRITTEN = [
    "4242 4242 4242 4242", "4242-4242-4242-4242", "4242\u00a04242\u00a04242\u00a04242", "4242 - 4242 - 4242 - 4242",
    "3782 822463 10005", "3056 930902 5904", "5078 5078 5078 5078 12", "5060 6666 6666 6666 666",
    "card 4242 4242 4242 4242, please", "11 4242 4242 4242 4242", "4242 4242 4242 4242 12/28 123",
    "4242424242424242 12/28", "card_4242424242424242", "no:4242424242424242;", "'4242424242424242'",
    "４２４２４２４２４２４２４２４２", "/api/customers/4242%204242%204242%204242", "a=4242+4242+4242+4242",
]  # fmt: skip
NO_CARDS = [
    "4242424242424241",  # Luhn's sum does not hold
    "1732204096003",  # milliseconds
    "1732204096000005", "0000000000000000", "9999999999999995",  # no gateway's card begins so
    "+6281234567890", "6281234567893",  # telephone numbers: with its plus, and 13 digits that begin with 6
    "2026-11-21 2026-12-21", "2026-11-21T16:29:18.424242Z",
    "10 20 30 40 50 60 70 80", "42 42 42 42 42 42 42 42",
    "pi_3Mtw4242424242424242LkdIwH", "AUTH_4242424242424242x", "ref4242424242424242",
    "42424242-4242-4242-4242-424242424242",
    "42424242424242424242424242424242",  # longer than any
    "12500000", "42.42", "",
]  # fmt: skip


@pytest.mark.parametrize("text", [*NUMBERS, *WRITTEN])
def test_a_card_number_is_found_and_its_last_four_digits_alone_are_shown(text: str) -> None:
    assert cards.holds(text)
    hidden = cards.mask(text)
    assert len(hidden) == len(text) and not cards.holds(hidden) and "****" in hidden
    with pytest.raises(Refusal) as refused:
        cards.refuse(text, param="reason")
    assert (refused.value.code, refused.value.param) == ("card_number", "reason")
    assert not any(digit.isdecimal() for digit in refused.value.message)


@pytest.mark.parametrize("text", NO_CARDS)
def test_other_numbers_pass_as_they_are(text: str) -> None:
    assert not cards.holds(text)
    assert cards.mask(text) == text
    cards.refuse(text, param="reason")


def test_ids_and_references_of_ours_are_never_taken_for_cards() -> None:
    for _ in range(20_000):
        made = uuid7()
        for text in (str(made), made.hex, f"pay_{made.hex}", f"{made.hex}-{uuid7().hex[-8:]}"):
            assert not cards.holds(text), text


def test_two_in_one_text_are_both_hidden() -> None:
    assert (
        cards.mask("4242424242424242 or 5555 5555 5555 4444!") == "************4242 or **** **** **** 4444!"
    )


def test_texts_are_hidden_at_any_depth_and_numbers_stay() -> None:
    kept = {"amount_minor": 4242424242424242, "list": ["4242424242424242", None, 1.5], "on": True}
    assert cards.masked(kept) == {**kept, "list": ["************4242", None, 1.5]}
    assert cards.masked({"4242424242424242": ("a",)}) == {"************4242": ["a"]}


def test_a_body_is_hidden_as_it_came_whatever_its_bytes() -> None:
    raw = b'{"number": 4242424242424242, "name": "\xff\xfe", "id": "pi_3x4242424242424242"}'
    assert cards.masked_bytes(raw) == raw.replace(b": 4242424242424242", b": ************4242")


@pytest.mark.parametrize("name", ["cvc", "CVV2", "card[cvc]", "card_number", "securityCode", "card-cvv"])
def test_a_name_tells_what_three_digits_are(name: str) -> None:
    assert cards.names_a_secret(name)


@pytest.mark.parametrize("name", ["number", "card", "code", "currency", "no"])
def test_other_names_are_the_callers_own(name: str) -> None:
    assert not cards.names_a_secret(name)
