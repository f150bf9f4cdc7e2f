"""`make run CYCLES=N`: when it is done, and whether every unit is where it belongs."""

import os
import time
from collections.abc import Callable
from datetime import datetime

from engine.core import clock, sql
from engine.providers.solana.addresses import mint_code
from ops import books
from ops.chain import ChainTransfer, compare_with_chain
from sandbox.demo import cast, truth, view
from sandbox.demo.wallets import from_env
from sandbox.localnet.control import Localnet

ENDS = """
SELECT c.name, p.state, p.failure_code, count(*)
  FROM payments_payment p
  JOIN billing_invoice i ON i.id = p.source_id
  JOIN billing_customer c ON c.id = i.customer_id
 WHERE p.clock_id = %(clock)s AND p.ended_at >= %(since)s
 GROUP BY 1, 2, 3
"""
UNDER_WAY = """
SELECT (SELECT count(*) FROM billing_invoice WHERE state = 'draft' AND next_action_at IS NOT NULL)
     + (SELECT count(*) FROM payments_evidence WHERE applied_at IS NULL)
     + (SELECT count(*) FROM payments_payment WHERE parked_at IS NULL
         AND (state = 'in_flight' OR (state = 'scheduled' AND waiting NOT IN ('funds', 'queue'))))
"""
DRAIN_SECONDS = 60
START_SECONDS = 90


class Goal:
    """Since `started` (machine time): N finalized periods for each healthy one, its end for each unlucky."""

    def __init__(self, clock_id: int, started: datetime, cycles: int) -> None:
        self._clock_id = clock_id
        self._started = started
        self._cycles = cycles
        self._until = time.monotonic() + START_SECONDS + 3 * cycles * cast.INTERVAL_SECONDS

    def over(self) -> bool:
        """True when it is reached, or when that takes three times as long as it should."""
        return self.reached() or time.monotonic() > self._until

    def reached(self) -> bool:
        """True when every subscriber has what was asked for."""
        ends = self._ends()
        healthy = all(ends.get((each.name, "succeeded"), 0) >= self._cycles for each in cast.HEALTHY)
        return healthy and all(ends.get((each.name, each.ends), 0) >= 1 for each in cast.UNLUCKY)

    def finish(self, say: Callable[[str], None], *, reached: bool) -> int:
        """Stop the clock, drain, check the books against rows and chain; the exit code."""
        clock.stop(self._clock_id)
        faults = [] if reached else ["not everybody came to their end in time"]
        faults += [] if _drain() else [f"still under way after {DRAIN_SECONDS} s"]
        faults += self._wrong_ends()
        broken = books.check_books().broken
        faults += [f"does not hold ({rule.count}): {rule.sentence}" for rule in broken]
        faults += [f"{diff.kind} {diff.memo}: {diff.sentence}" for diff in compare_with_chain(_truth())]
        for fault in faults:
            say(f"✗ {fault}")
        counts = view.counts()
        balanced = "balanced" if not faults else "WRONG"
        say(
            f"settled={counts.settled} failed={counts.failed} parked={counts.parked} "
            f"unknown={counts.unknown} books={balanced}"
        )
        return int(bool(faults) or counts.parked > 0 or counts.unknown > 0)

    def _ends(self) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        params = {"clock": self._clock_id, "since": self._started}
        for name, state, code, count in sql.rows(ENDS, params):
            end = state if state == "succeeded" else code
            found[(name, end)] = found.get((name, end), 0) + count
        return found

    def _wrong_ends(self) -> list[str]:
        """Whoever came to an end that is not theirs."""
        expected = {each.name: each.ends for each in cast.SUBSCRIBERS}
        return [
            f"{name}: {count} payments ended with {end}, expected {expected[name]}"
            for (name, end), count in sorted(self._ends().items())
            if name in expected and end != expected[name]
        ]


def _drain() -> bool:
    until = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < until:
        if not sql.rows(UNDER_WAY)[0][0]:
            return True
        time.sleep(0.2)
    return False


def _truth() -> list[ChainTransfer]:
    """What the localnet executed for us: the outside world's word."""
    entries = Localnet(os.environ["SOLANA_RPC_URL"]).truth()
    collectors = {str(from_env("DEMO_COLLECTOR").pubkey())}
    return list(truth.transfers(entries, collectors=collectors, code=mint_code))
