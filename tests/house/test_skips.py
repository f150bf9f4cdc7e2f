"""What does not run says why, and how often: tests/skips.py, which the run itself holds (tests/conftest.py)."""

from __future__ import annotations

from collections import Counter

from tests import skips
from tests.house import tree

# pytest's ways to leave a test out that no report of a skip tells of, or that say no reason.
WAYS_ROUND = {"xfail", "importorskip", "SkipTest", "skipUnless", "collect_ignore", "collect_ignore_glob"}


def test_one_more_than_is_listed_fails_the_run() -> None:
    (listed, many), *_ = skips.LISTED.items()
    assert skips.beyond(Counter({listed: many})) == []
    assert skips.beyond(Counter({listed: many + 1})) == [
        f"{listed[0]}: {many + 1} skipped, {many} listed: {listed[1]}"
    ]
    assert skips.beyond(Counter({(listed[0], "it is slow"): 1}))


def test_what_is_listed_is_there() -> None:
    found = []
    for test, reason in skips.LISTED:
        path, *_, name = test.split("::")
        text = (tree.ROOT / path).read_text()
        if f"def {name}(" not in text or reason not in text:
            found.append(f"{test}: {reason}")
    tree.none_of(found, "No such test is skipped for that any more: take it out of tests/skips.py:")


def test_nothing_is_left_out_in_another_way() -> None:
    found = [
        f"{tree.where(path, node.lineno)} {name}"
        for path in tree.python("tests")
        if any(name in path.read_text() for name in WAYS_ROUND)
        for node in tree.nodes(path)
        for name in (getattr(node, "attr", ""), getattr(node, "id", ""))
        if name in WAYS_ROUND
    ]
    tree.none_of(found, "A test runs, or is skipped with a reason of tests/skips.py:")
