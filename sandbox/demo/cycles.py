"""`make run CYCLES=N`: when it is done, and whether every unit is where it belongs."""

import os
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from engine.core import clock, sql
from engine.providers.solana.addresses import mint_code
from ops import books
from ops.chain import ChainTransfer, Difference, compare_with_chain
from sandbox.demo import cast, rails, truth, view
from sandbox.demo.steady import insist
from sandbox.demo.wallets import from_env
from sandbox.localnet.control import Localnet

ENDS = """
SELECT c.name, p.state, p.failure_code, p.id
  FROM payments_payment p
  JOIN billing_invoice i ON i.id = p.source_id
  JOIN billing_customer c ON c.id = i.customer_id
 WHERE p.clock_id = %(clock)s AND p.ended_at >= %(since)s
"""
# What still moves by itself: due and not claimed, drafts, evidence, payments. Who is poor waits for good.
UNDER_WAY = """
SELECT (SELECT count(*) FROM billing_subscription s WHERE s.clock_id = %(clock)s
         AND s.next_due_at <= %(business)s AND (s.ends_at IS NULL OR s.next_due_at < s.ends_at))
     + (SELECT count(*) FROM billing_invoice WHERE state = 'draft' AND next_action_at IS NOT NULL)
     + (SELECT count(*) FROM payments_evidence WHERE applied_at IS NULL)
     + (SELECT count(*) FROM payments_payment p
          JOIN billing_invoice i ON i.id = p.source_id
          JOIN billing_customer c ON c.id = i.customer_id
         WHERE p.parked_at IS NULL AND (p.state = 'in_flight' OR (p.state = 'scheduled'
               AND (p.waiting NOT IN ('funds', 'queue') OR c.name = ANY(%(healthy)s)))))
"""
LEFT_OVER = """
SELECT c.name || ': period ' || i.period_no || ' is held: ' || i.held_reason
  FROM billing_invoice i JOIN billing_customer c ON c.id = i.customer_id
 WHERE i.clock_id = %(clock)s AND i.held_reason <> ''
UNION ALL
SELECT c.name || ': the subscription is held: ' || s.held_reason
  FROM billing_subscription s JOIN billing_customer c ON c.id = s.customer_id
 WHERE s.clock_id = %(clock)s AND s.held_code <> ''
UNION ALL
SELECT c.name || ': period ' || i.period_no || ' is ' || i.state || ', expected paid'
  FROM billing_invoice i JOIN billing_customer c ON c.id = i.customer_id
 WHERE i.clock_id = %(clock)s AND i.state <> 'paid' AND c.name = ANY(%(healthy)s)
UNION ALL
SELECT c.name || ': period ' || i.period_no || ' is open and was never asked for'
  FROM billing_invoice i JOIN billing_customer c ON c.id = i.customer_id
 WHERE i.clock_id = %(clock)s AND i.state = 'open' AND c.name <> ALL(%(healthy)s)
   AND NOT EXISTS (SELECT 1 FROM payments_payment p WHERE p.source_id = i.id)
 ORDER BY 1
"""
DRAIN_SECONDS = 60
START_SECONDS = 90


@dataclass(frozen=True)
class Ended:
    """How a run with CYCLES ended: its last line and its exit code."""

    summary: str
    code: int


class Goal:
    """Since `started` (machine time): N finalized periods for each healthy one, its end for each unlucky.

    `waited` are payments that were seen to wait for funds: a late payer's counts only if it did.
    """

    def __init__(self, clock_id: int, started: datetime, cycles: int, *, waited: Collection[UUID]) -> None:
        self._clock_id = clock_id
        self._started = started
        self._cycles = cycles
        self._waited = waited
        self._until = time.monotonic() + START_SECONDS + 3 * cycles * cast.INTERVAL_SECONDS

    def over(self) -> bool:
        """True when it is reached, or when that takes three times as long as it should."""
        return time.monotonic() > self._until or self.reached()

    def reached(self) -> bool:
        """True when every subscriber has what was asked for."""
        ends = self._ends()
        healthy = all(ends.get((each.name, "succeeded"), 0) >= self._cycles for each in cast.HEALTHY)
        return healthy and all(ends.get((each.name, each.ends), 0) >= 1 for each in cast.UNLUCKY)

    def finish(self, say: Callable[[str], None]) -> Ended:
        """Stop the clock, drain, check the books against rows and chain; says every fault.

        The counts are of all payments of this database, as the books are: not since this start.
        """
        reached = insist(self.reached)
        insist(lambda: clock.stop(self._clock_id))
        faults = [] if reached else ["not everybody came to their end in time"]
        faults += [] if self._drained() else [f"still under way after {DRAIN_SECONDS} s"]
        faults += insist(self._wrong_ends) + insist(self._never_late) + insist(self._left_over)
        wrong = [
            f"does not hold ({rule.count}): {rule.sentence}" for rule in insist(books.check_books).broken
        ]
        wrong += [f"{diff.kind} {diff.memo}: {diff.sentence}" for diff in insist(_differences)]
        for fault in faults + wrong:
            say(f"✗ {fault}")
        counts = insist(view.counts)
        summary = (
            f"settled={counts.settled} failed={counts.failed} parked={counts.parked} "
            f"unknown={counts.unknown} books={'WRONG' if wrong else 'balanced'}"
        )
        return Ended(summary, int(bool(faults or wrong) or counts.parked > 0 or counts.unknown > 0))

    def _rows(self) -> list[tuple[str, str, UUID]]:
        """(who, how it ended, payment) of all that ended since the start."""
        found = sql.rows(ENDS, {"clock": self._clock_id, "since": self._started})
        return [
            (name, state if state == "succeeded" else code, number) for name, state, code, number in found
        ]

    def _ends(self) -> Counter[tuple[str, str]]:
        late = {each.name for each in cast.UNLUCKY if each.fate == "late"}
        return Counter(
            (name, end) for name, end, number in self._rows() if name not in late or number in self._waited
        )

    def _wrong_ends(self) -> list[str]:
        """Whoever came to an end that is not theirs."""
        expected = {each.name: each.ends for each in cast.SUBSCRIBERS}
        counted = Counter((name, end) for name, end, _ in self._rows())
        return [
            f"{name}: {count} payments ended with {end}, expected {expected[name]}"
            for (name, end), count in sorted(counted.items())
            if name in expected and end != expected[name]
        ]

    def _never_late(self) -> list[str]:
        """Whoever was to get the funds late and never waited for them."""
        ends = self._ends()
        return [
            f"{each.name}: no payment waited for its funds inside the grace window and then succeeded"
            for each in cast.UNLUCKY
            if each.fate == "late" and not ends[(each.name, each.ends)]
        ]

    def _left_over(self) -> list[str]:
        return [line for (line,) in sql.rows(LEFT_OVER, {"clock": self._clock_id, "healthy": _healthy()})]

    def _drained(self) -> bool:
        """Whoever was sent a link at the last moment pays it still."""
        until = time.monotonic() + DRAIN_SECONDS
        while insist(self._under_way):
            rails.act()
            if time.monotonic() > until:
                return False
            time.sleep(0.2)
        return True

    def _under_way(self) -> int:
        params = {
            "clock": self._clock_id,
            "business": clock.business_now(self._clock_id),
            "healthy": _healthy(),
        }
        return int(sql.rows(UNDER_WAY, params)[0][0])


def _healthy() -> list[str]:
    return [each.name for each in cast.HEALTHY]


def _differences() -> list[Difference]:
    """On the chain, and at each gateway."""
    return [*compare_with_chain(_truth()), *rails.differences()]


def _truth() -> list[ChainTransfer]:
    """What the localnet executed for us: the outside world's word."""
    entries = Localnet(os.environ["SOLANA_RPC_URL"]).executed()
    collectors = {str(from_env("DEMO_COLLECTOR").pubkey())}
    return list(truth.transfers(entries, collectors=collectors, code=mint_code))
