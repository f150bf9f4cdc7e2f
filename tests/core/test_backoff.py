from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.core.backoff import doubling


def test_waits_double_from_the_base() -> None:
    """Row 0.58: 2 s, 4 s."""
    assert [doubling(2, n, most=900) for n in (1, 2, 3)] == [2, 4, 8]


@given(st.floats(0.001, 600), st.integers(1, 10**6), st.floats(1, 86_400))
def test_waits_never_shrink_nor_pass_the_limit(base: float, n: int, most: float) -> None:
    assert doubling(base, n, most=most) <= doubling(base, n + 1, most=most) <= most
