"""The order of the tests loses none, and a long module stays whole where its process begins."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests import order
from tests.house import tree


def made(*counts: tuple[str, int]) -> list[Any]:
    return [SimpleNamespace(nodeid=f"{path}::test_{n}") for path, count in counts for n in range(count)]


def test_what_begins_is_there() -> None:
    missing = [path for paths in order.BEGINNINGS for path in paths if not (tree.ROOT / path).exists()]
    tree.none_of(missing, "No such tests any more: take them out of tests/order.py:")


@pytest.mark.parametrize("processes", [1, 2, 6, 7])
def test_every_share_begins_with_what_is_long(processes: int) -> None:
    items = made(
        ("tests/core/test_a.py", 50),
        *[(paths[-1] + "test_b.py", 3) for paths in order.BEGINNINGS],
        ("tests/stripe/test_c.py", 51),
    )
    ordered = order.dealt(items, processes)
    assert sorted(each.nodeid for each in ordered) == sorted(each.nodeid for each in items)
    starts, left = [], list(ordered)
    for number in range(processes):
        share = len(left) // (processes - number)
        starts.append(left[0].nodeid)
        del left[:share]
    begun = sum("test_b" in start for start in starts)
    assert begun == min(processes, len(order.BEGINNINGS))


def test_few_tests_are_all_kept() -> None:
    items = made((order.BEGINNINGS[0][0] + "test_b.py", 9), ("tests/core/test_a.py", 1))
    assert sorted(each.nodeid for each in order.dealt(items, 6)) == sorted(each.nodeid for each in items)
