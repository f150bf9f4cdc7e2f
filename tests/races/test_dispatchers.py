"""Two beats and four dispatchers on the same due rows: each period is billed and collected once (I10)."""

from __future__ import annotations

import pytest

from sandbox.live import servers
from sandbox.live.house import house
from sandbox.live.nursery import CLAIM_BATCH

pytestmark = pytest.mark.live
DUE = 24
# Each batch of a claim takes as long as a beat waits: whoever begins is still at it when the others come.
SLOW_CLAIM = (
    "CREATE FUNCTION slow_claim() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END $$",
    "CREATE TRIGGER slow_claim AFTER INSERT ON billing_invoice EXECUTE FUNCTION slow_claim()",
)
CLAIMS = "SELECT count(DISTINCT correlation_id) FROM billing_invoice"


def test_two_beats_and_four_dispatchers_on_the_same_due_rows() -> None:
    with house(servers.given(), ticker=False) as home:
        home.subscribe(DUE)
        home.staff(money=4, io=3, **{CLAIM_BATCH: "3"})
        for statement in SLOW_CLAIM:
            home.sql(statement)
        home.make_due()
        beats = [home.start(f"beat-{number}", "beat") for number in (1, 2)]
        home.until(lambda: not home.is_open())
        assert home.sql(CLAIMS)[0][0] > 1, "one dispatcher took all: nothing was tried"
        assert all("Sending due task due payments" in beat.output() for beat in beats), "a beat sent nothing"
        home.make_due()
        assert home.settle(), home.verdict()
        verdict = home.verdict()
        assert verdict.holds, verdict
        assert verdict.succeeded == home.owed == 2 * DUE
