"""Who begins with what: long modules first, each with its house in one process, and short tests after them.

`--dist worksteal` gives each process a run of neighbours; who is done takes over from the ends of the others'. What has
a house of its own must not lie there: it would be torn apart, and the house built again by whoever takes a part of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

BEGINNINGS = (
    ("tests/benchmarks/",),
    ("tests/run/",),
    ("tests/crashes/test_naive.py", "tests/crashes/test_prove.py", "tests/crashes/test_killed.py"),
    ("tests/crashes/test_servers.py", "tests/crashes/"),
    ("tests/e2e/", "tests/races/", "tests/ops/test_by_hand.py", "tests/ops/test_crontab.py"),
    ("tests/fuzz/",),
)
"""About as long as each other, in their order: those that need the standing house of the crashes come last, since it
works for as long as it stands. The first that names a test has it."""


def dealt(items: Sequence[pytest.Item], processes: int) -> list[pytest.Item]:
    """The same tests, so that each process's share begins with beginnings of its own."""
    places = [(n, path) for n, paths in enumerate(BEGINNINGS) for path in paths]
    found: dict[tuple[int, str], list[pytest.Item]] = {place: [] for place in places}
    short: list[pytest.Item] = []
    for item in items:
        place = next((place for place in places if item.nodeid.startswith(place[1])), None)
        (found[place] if place else short).append(item)
    ordered: list[pytest.Item] = []
    for number in range(processes):
        # As xdist cuts: what is left, by the processes that are left.
        share = (len(items) - len(ordered)) // (processes - number)
        hand = [item for place in places if place[0] % processes == number for item in found[place]]
        more = max(0, share - len(hand))
        ordered += hand + short[:more]
        del short[:more]
    return ordered + short
