"""`make prove` in its short form: the storm blows, and the product holds."""

from __future__ import annotations

from collections import Counter

import pytest

from payments.pipeline import points
from sandbox.live.servers import Servers
from sandbox.live.verdict import Verdict
from sandbox.prove import storm, table
from sandbox.prove.storm import Result, Weather

SHORT = Weather(payments=36, seed=7, crashes=0.05, waves=2)


def test_the_product_holds_in_the_storm(given: Servers) -> None:
    result = storm.run(given, SHORT)
    shown = table.text([result], SHORT)
    assert result.complaints(SHORT) == [], f"{result.verdict}\n{shown}"
    assert result.crashes.total() > 10 and result.restarts > 0, shown
    assert sum(result.faults.values()) > 10 and result.verdict.resent > 0, shown


def proof(**changes: object) -> Result:
    """A long run in which all went well, with `changes` to what was counted."""
    reasons = Counter({"it took its worker down four times": 15})
    verdict = Verdict(payments=2000, succeeded=1985, parked=15, reasons=reasons)
    counted = {"calls": 4000, "faults": Counter({"drop": 2400, "stale": 900}), "owed": 2000}
    passed = Counter({"take.committed": 39_850, "apply.committed": 150})
    crashed = {
        "passed": passed,
        "crashes": Counter({"take.committed": 3190, "apply.committed": 10}),
        "locked": 400,
    }
    return Result("product", verdict, 1.0, **(counted | crashed | changes))  # type: ignore[arg-type]


LONG = Weather(payments=2000, seed=1)
WEAK = {
    "not all owed": lambda: proof(owed=1999),
    "faults": lambda: proof(calls=6526),
    "stale answers are no faults of sends": lambda: proof(faults=Counter({"stale": 4000})),
    "crashes": lambda: proof(crashes=Counter({"take.committed": 5, "apply.committed": 5})),
    "one boundary": lambda: proof(crashes=Counter({"take.committed": 3200})),
    "locked on chain": lambda: proof(locked=0),
}


def test_a_good_run_has_no_complaints() -> None:
    assert proof().complaints(LONG) == []


def test_a_boundary_that_was_seldom_passed_may_be_spared_and_stands_in_the_table() -> None:
    seldom = proof(
        passed=Counter({"take.committed": 39_960, "sweep.mended": 40}),
        crashes=Counter({"take.committed": 3200}),
    )
    assert seldom.complaints(LONG) == []
    shown = {row[0].strip(): row[1] for row in table.rows([seldom])}
    assert (shown["take.committed"], shown["sweep.mended"]) == ("3200 / 39960", "0 / 40")
    assert shown.keys() >= set(points.ALL)


@pytest.mark.parametrize("what", WEAK)
def test_a_storm_that_did_not_blow_proves_nothing(what: str) -> None:
    assert len(WEAK[what]().complaints(LONG)) == 1


def test_payments_that_wait_for_a_person_are_few_and_for_a_listed_reason() -> None:
    many = proof()
    many.verdict.succeeded, many.verdict.parked = 1900, 100
    assert many.complaints(LONG) == ["100 of 2000 are parked"]
    strange = proof()
    strange.verdict.reasons["it can't be proved"] = 1
    assert strange.complaints(LONG) == ["parked for a reason that no storm gives: it can't be proved"]
    lost = proof()
    lost.verdict.succeeded -= 1
    assert lost.complaints(LONG) == ["2000 asked, 2000 owed, 1999 paid or parked"]
