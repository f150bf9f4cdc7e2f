"""Whole minor units, refused by name where they are not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core import money
from engine.core.money import MAX_MINOR, Money, MoneyError

minors = st.integers(-MAX_MINOR, MAX_MINOR)
weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=12).filter(any)


@pytest.mark.parametrize("wrong", [1.0, "1", None, True, Decimal(1)])
def test_only_whole_numbers_are_money(wrong: object) -> None:
    with pytest.raises(MoneyError) as refused:
        Money(wrong, "USD")  # type: ignore[arg-type]
    assert refused.value.param == "amount_minor"


def test_money_stays_within_64_bits() -> None:
    assert Money(MAX_MINOR, "SOL").minor == 2**63 - 1
    for beyond in (MAX_MINOR + 1, -MAX_MINOR - 1):
        with pytest.raises(MoneyError, match="64 bits"):
            Money(beyond, "SOL")


@pytest.mark.parametrize("currency", ["usd", "XXX", "", None, ["USD"]])
def test_an_unknown_currency_is_refused_by_name(currency: object) -> None:
    with pytest.raises(MoneyError) as refused:
        Money(1, currency)  # type: ignore[arg-type]
    assert refused.value.param == "currency"


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (1500, "USD", "15.00 USD"),
        (1500, "JPY", "1500 JPY"),
        (1, "SOL", "0.000000001 SOL"),
        (-5, "KWD", "-0.005 KWD"),
    ],
)
def test_money_reads_in_major_units(minor: int, currency: str, shown: str) -> None:
    assert f"{money.to_major(minor, currency):f} {currency}" == shown


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "7", None, True, MAX_MINOR + 1])
def test_a_price_is_positive_and_whole(wrong: object) -> None:
    with pytest.raises(MoneyError) as refused:
        money.positive(wrong, param="price_minor")
    assert refused.value.param == "price_minor"
    assert "price_minor" in str(refused.value)


def test_every_exponent_fits_the_ledger() -> None:
    assert all(0 <= places <= 9 for places in money.EXPONENTS.values())


@pytest.mark.parametrize(
    ("minor", "bps", "part"), [(1000, 500, 50), (1, 5000, 1), (1, 4999, 0), (99, 10_000, 99)]
)
def test_a_share_is_rounded_half_up(minor: int, bps: int, part: int) -> None:
    assert money.share(minor, bps) == part


@given(st.integers(0, MAX_MINOR), st.integers(0, 10_000))
def test_a_share_is_never_more_than_the_whole(minor: int, bps: int) -> None:
    assert 0 <= money.share(minor, bps) <= minor


@given(minors, weights)
def test_a_split_adds_up_and_is_fair(minor: int, weights: list[int]) -> None:
    parts = money.split(minor, weights)
    total = sum(weights)
    assert sum(parts) == minor
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * total - minor * weight) < total  # less than one unit from the exact share
        assert weight or not part


def test_ties_go_to_the_first() -> None:
    assert money.split(100, [1, 1, 1]) == [34, 33, 33]
    assert money.split(2, [1, 1, 1]) == [1, 1, 0]


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [-1, 2]])
def test_a_split_by_nothing_is_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        money.split(10, weights)
