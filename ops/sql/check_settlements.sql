-- I1, I5: what moved is booked once. Legs 0 and 1 of a settlement are what arrived (engine/ledger/chart.py);
-- money under a closed attempt is booked by attempt. Every succeeded attempt stands behind one booking, but for one
-- whose movement was booked under another (adopted), or that moved another amount, booked by movement
-- (payments/pipeline/end.py). Of that a person may have said that it was the payment's (suspense.applied): then it is
-- the settlement, or came late. What its source refused and was given back settles nothing, nor does what was taken
-- back.
-- Indexes: evidence_of_attempt, for the few that succeeded late; one_transfer_per_fact.
-- The last line also finds a booking whose payment is not there.
WITH differing AS (
  SELECT DISTINCT e.payment_id, md5(e.payment_id || ':' || coalesce(nullif(e.movement_id, ''), a.identity))::uuid AS key
    FROM payments_evidence e JOIN payments_attempt a ON a.id = e.attempt_id
   WHERE e.verdict = 'amount differs'
), applied AS (
  SELECT d.payment_id,
         sum(CASE t.kind WHEN 'suspense.applied' THEN t.amount_minor ELSE -t.amount_minor END)
           FILTER (WHERE t.seq = 0) AS due_minor,
         sum(t.amount_minor) FILTER (WHERE t.seq = 1 AND t.kind = 'suspense.applied') AS rest_minor
    FROM engine_ledger_transfer t JOIN differing d ON d.key = t.source_id
   WHERE t.kind IN ('suspense.applied', 'suspense.reversed') AND t.seq < 2
   GROUP BY d.payment_id
), settled AS (
  SELECT payment_id, count(*) FILTER (WHERE kind IN ('payment.succeeded', 'payment.refused', 'refund.succeeded')) AS times,
         sum(minor) AS minor
    FROM (SELECT source_id AS payment_id, kind,
                 sum(CASE WHEN kind IN ('suspense.returned', 'payment.reversed') THEN -amount_minor
                          ELSE amount_minor END) AS minor
            FROM engine_ledger_transfer
           WHERE kind IN ('payment.succeeded', 'payment.refused', 'refund.succeeded') AND seq < 2
              OR kind IN ('suspense.returned', 'payment.reversed') AND seq < 2
                 AND source_id IN (SELECT id FROM payments_payment)
           GROUP BY source_id, kind) kinds
   GROUP BY payment_id
), late AS (
  SELECT a.payment_id, count(*) AS times, bool_or(b.minor = p.settled_minor) AS of_its_amount
    FROM (SELECT source_id AS attempt_id, sum(amount_minor) AS minor FROM engine_ledger_transfer
           WHERE kind IN ('payment.succeeded_late', 'refund.succeeded_late') AND seq < 2 GROUP BY source_id) b
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
       coalesce(s.minor, 0) + coalesce(d.due_minor, 0) AS booked_minor, coalesce(l.times, 0) AS late_bookings,
       coalesce(a.times, 0) AS succeeded_attempts
  FROM payments_payment p
  FULL JOIN settled s ON s.payment_id = p.id
  FULL JOIN late l ON l.payment_id = p.id
  LEFT JOIN paid a ON a.payment_id = p.id
  LEFT JOIN applied d ON d.payment_id = p.id
 WHERE (p.state IN ('succeeded', 'reversed')
        AND (coalesce(s.times, 0) + (d.due_minor IS NOT NULL)::int <> 1
             OR coalesce(s.minor, 0) + coalesce(d.due_minor, 0) <> p.settled_minor))
    OR (p.state NOT IN ('succeeded', 'reversed') AND (s.times > 0 OR d.due_minor > 0))
    OR (p.state = 'succeeded_late' AND NOT coalesce(l.of_its_amount, false)
        AND coalesce(d.rest_minor, 0) < p.settled_minor)
    OR coalesce(a.times, 0) <> coalesce(s.times, 0) + coalesce(l.times, 0)
 ORDER BY 1
