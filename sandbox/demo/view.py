"""What the live table shows: one read of the product's rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.core import clock, sql

COUNTS = """
SELECT count(*) FILTER (WHERE p.state = 'scheduled' AND p.parked_at IS NULL),
       count(*) FILTER (WHERE p.state = 'in_flight' AND p.parked_at IS NULL),
       count(*) FILTER (WHERE p.state = 'succeeded' AND p.operation = 'charge'),
       count(*) FILTER (WHERE p.state = 'failed'),
       count(*) FILTER (WHERE p.parked_at IS NOT NULL),
       count(*) FILTER (WHERE p.state = 'in_flight' AND a.state = 'unknown' AND p.parked_at IS NULL)
  FROM payments_payment p
  LEFT JOIN payments_attempt a ON a.payment_id = p.id AND a.state IN ('sent', 'pending', 'unknown')
"""
REASONS = """
SELECT failure_code, count(*) FROM payments_payment WHERE state = 'failed' GROUP BY failure_code ORDER BY 1
"""
SUBSCRIPTIONS = """
SELECT c.name, pl.name, s.state, s.payments_made, s.payments_failed, s.next_due_at, s.reason,
       v.price_minor, v.currency, p.state, p.waiting, p.failure_message, p.parked_reason, a.state
  FROM billing_subscription s
  JOIN billing_customer c ON c.id = s.customer_id
  JOIN billing_plan pl ON pl.id = s.plan_id
  JOIN billing_planversion v ON v.id = s.plan_version_id
  LEFT JOIN LATERAL (
    SELECT p.* FROM payments_payment p JOIN billing_invoice i ON i.id = p.source_id
     WHERE i.subscription_id = s.id ORDER BY p.id DESC LIMIT 1
  ) p ON true
  LEFT JOIN payments_attempt a ON a.payment_id = p.id AND a.state IN ('sent', 'pending', 'unknown')
 WHERE s.clock_id = %(clock)s
 ORDER BY c.id
"""


@dataclass(frozen=True)
class Counts:
    """Payments by what they are doing."""

    due: int
    in_flight: int
    settled: int
    failed: int
    parked: int
    unknown: int


@dataclass(frozen=True)
class View:
    """One moment. `business_at` is the demo clock's time."""

    business_at: datetime
    counts: Counts
    reasons: list[tuple[str, int]]
    subscriptions: list[tuple[Any, ...]]


def read(clock_id: int) -> View:
    """The demo as the product's rows tell it now."""
    return View(
        clock.business_now(clock_id),
        counts(),
        [(code, count) for code, count in sql.rows(REASONS)],
        sql.rows(SUBSCRIPTIONS, {"clock": clock_id}),
    )


def counts() -> Counts:
    """Payments by what they are doing."""
    return Counts(*sql.rows(COUNTS)[0])
