"""What the gateways' storm is judged by: it sees what is double, lost or wrong, and what did not blow."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from sandbox.prove.rail_verdict import Ours, RailVerdict, compare
from sandbox.prove.rail_weather import Blown, RailWeather, spared
from sandbox.rails.rail import Moved

PAID = Ours("a", "charge", "succeeded", 1000, "USD", 1000, "", "paid", 1000, 0, 1000, 1000)
PARKED = Ours("a", "charge", "in_flight", 1000, "USD", 0, "unknown for too long", "open", 1000, 1000, 0)
GIVEN = Ours("b", "refund", "succeeded", 300, "USD", 300, "", posted_minor=300)
CHARGED = Moved("a", "charge", 1000, "USD", "ch_1", "a-1", 1000)
REFUNDED = Moved("b", "refund", 300, "USD", "re_1", "b-1", -300)
RETURNED = REFUNDED._replace(kind="return", adds_minor=300)
LIE = replace(PARKED, parked="1100 USD arrived", differs=[[1100, "USD"]])


def judged(rows: list[Ours], moved: list[Moved], clearing: int, *suspense: tuple[int, str]) -> RailVerdict:
    return compare(rows, moved, clearing, Counter(suspense))


def test_what_is_so_on_both_sides_holds() -> None:
    found = judged([PAID, GIVEN], [CHARGED, REFUNDED], 700)
    assert found.holds, str(found)
    assert (found.succeeded, found.refunds_given, found.outside_minor) == (1, 1, 700)
    failed = replace(GIVEN, state="failed", posted_minor=0)
    assert judged([PAID, failed], [CHARGED, REFUNDED, RETURNED], 1000).holds
    assert judged([PARKED], [], 0).holds


def test_a_lie_in_suspense_stands_for_what_moved() -> None:
    found = judged([LIE], [CHARGED], 0, (1100, "USD"))
    assert found.holds, str(found)
    assert (found.suspense, found.suspense_moved_minor, found.unbooked_minor) == (1, 1000, 0)


def test_a_dispute_of_what_lies_in_suspense_is_booked_by_itself() -> None:
    disputed = CHARGED._replace(kind="dispute", object_id="dp_1", adds_minor=-1000)
    fee = disputed._replace(kind="fee", amount_minor=15, adds_minor=-15)
    found = judged([LIE], [CHARGED, disputed, fee], -1015, (1100, "USD"))
    assert found.holds, str(found)
    assert not judged([LIE], [CHARGED, disputed, fee], 0, (1100, "USD")).holds


SEEN = {
    "charged twice": ("double", [PAID], [CHARGED, CHARGED], 2000, ()),
    "given back twice": ("double", [PAID, GIVEN],
                         [CHARGED, REFUNDED, REFUNDED._replace(object_id="re_2")], 400, ()),
    "failed, and it moved": ("lost", [replace(PARKED, state="failed", parked="")], [CHARGED], 0, ()),
    "parked, and nobody saw that it moved": ("lost", [PARKED], [CHARGED], 0, ()),
    "still open": ("lost", [replace(PARKED, parked="")], [], 0, ()),
    "booked, and nothing moved": ("wrong", [PAID], [], 1000, ()),
    "another sum is posted": ("wrong", [replace(PAID, posted_minor=999)], [CHARGED], 1000, ()),
    "given back in the books alone": ("wrong", [PAID, GIVEN], [CHARGED], 700, ()),
    "of nobody": ("wrong", [PAID], [CHARGED, CHARGED._replace(payment="x")], 2000, ()),
    "clearing holds too much": ("wrong", [PAID], [CHARGED], 1001, ()),
    "suspense that nobody told of": ("wrong", [PAID], [CHARGED], 1000, ((5, "USD"),)),
    "suspense of what never moved": ("wrong", [LIE], [], 0, ((1100, "USD"),)),
    "suspense of no lie that was told": ("wrong", [replace(LIE, differs=[[1300, "USD"]])], [CHARGED], 0,
                                         ((1300, "USD"),)),
}  # fmt: skip


@pytest.mark.parametrize("what", SEEN)
def test_what_is_not_so_is_seen(what: str) -> None:
    kind, rows, moved, clearing, suspense = SEEN[what]
    found = judged(list(rows), list(moved), clearing, *suspense)
    assert [name for name in ("double", "lost", "wrong") if getattr(found, name)][:1] == [kind], str(found)


def test_a_fault_that_never_hit_though_it_should_have_is_named() -> None:
    tally = {"often": Blown(300, 0), "seldom": Blown(100, 0), "hit": Blown(300, 9)}
    assert spared(tally, RailWeather()) == ["often"]
