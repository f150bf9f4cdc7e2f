-- I1, I5: what moved is booked once. Legs 0 and 1 of a settlement are what arrived (engine/ledger/chart.py);
-- money under a closed attempt is booked by attempt. Every succeeded attempt stands behind one booking, but for one
-- whose movement was booked under another (adopted), or that moved another amount, booked by movement
-- (payments/pipeline/end.py). Indexes: evidence_of_attempt, for the few that succeeded late.
-- The last line also finds a booking whose payment is not there.
WITH settled AS (
  SELECT payment_id, count(*) AS times, sum(minor) AS minor
    FROM (SELECT source_id AS payment_id, kind, sum(amount_minor) AS minor FROM engine_ledger_transfer
           WHERE kind IN ('payment.succeeded', 'payment.refused') AND seq < 2
           GROUP BY source_id, kind) kinds
   GROUP BY payment_id
), late AS (
  SELECT a.payment_id, count(*) AS times, bool_or(b.minor = p.settled_minor) AS of_its_amount
    FROM (SELECT source_id AS attempt_id, sum(amount_minor) AS minor FROM engine_ledger_transfer
           WHERE kind = 'payment.succeeded_late' AND seq < 2 GROUP BY source_id) b
    LEFT JOIN payments_attempt a ON a.id = b.attempt_id
    LEFT JOIN payments_payment p ON p.id = a.payment_id
   GROUP BY a.payment_id
), paid AS (
  SELECT payment_id, count(*) AS times
    FROM payments_attempt a
   WHERE state = 'succeeded' AND failure_code <> 'amount_differs'
     AND NOT EXISTS (SELECT 1 FROM payments_evidence e
                      WHERE e.attempt_id = a.id
                        AND e.verdict IN ('late, booked before', 'late, paid elsewhere, booked before'))
   GROUP BY payment_id
)
SELECT coalesce(p.id, s.payment_id) AS payment_id, p.state, p.settled_minor, coalesce(s.times, 0) AS settlements,
       coalesce(s.minor, 0) AS booked_minor, coalesce(l.times, 0) AS late_bookings,
       coalesce(a.times, 0) AS succeeded_attempts
  FROM payments_payment p
  FULL JOIN settled s ON s.payment_id = p.id
  FULL JOIN late l ON l.payment_id = p.id
  LEFT JOIN paid a ON a.payment_id = p.id
 WHERE (p.state IN ('succeeded', 'reversed')
        AND (s.times IS DISTINCT FROM 1 OR s.minor IS DISTINCT FROM p.settled_minor))
    OR (p.state NOT IN ('succeeded', 'reversed') AND s.times > 0)
    OR (p.state = 'succeeded_late' AND NOT coalesce(l.of_its_amount, false))
    OR coalesce(a.times, 0) <> coalesce(s.times, 0) + coalesce(l.times, 0)
 ORDER BY 1
