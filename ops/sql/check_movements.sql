-- I5: a movement of money is booked once per payment, whatever its fee: as a success, late or in suspense. What
-- differs lies there as it arrived, under the movement's key (payments/pipeline/books.py, movement), also behind each
-- attempt that was ended as differing (payments/pipeline/end.py); one that is open may be doubted under the same code.
-- Reads all evidence.
WITH said AS (
  SELECT e.payment_id, e.attempt_id, coalesce(nullif(e.movement_id, ''), a.identity) AS movement, e.gross_minor, e.verdict
    FROM payments_evidence e JOIN payments_attempt a ON a.id = e.attempt_id
   WHERE e.applied_at IS NOT NULL
     AND (e.verdict IN ('succeeded', 'late', 'late, paid elsewhere') OR starts_with(e.verdict, 'amount differs'))
), bookings AS (
  SELECT payment_id, movement, count(*) FILTER (WHERE verdict <> 'amount differs, booked before') AS times,
         min(gross_minor) FILTER (WHERE verdict = 'amount differs') AS differs_minor,
         md5(payment_id || ':' || movement)::uuid AS key
    FROM said GROUP BY payment_id, movement
), suspense AS (
  SELECT source_id AS key, sum(amount_minor) AS minor FROM engine_ledger_transfer
   WHERE kind IN ('payment.mismatch', 'refund.mismatch') GROUP BY source_id
)
SELECT b.payment_id, b.movement, coalesce(b.times, 0) AS bookings, b.differs_minor, s.minor AS suspense_minor
  FROM bookings b FULL JOIN suspense s USING (key)
 WHERE b.times > 1 OR b.differs_minor IS DISTINCT FROM s.minor
UNION ALL
SELECT a.payment_id, a.identity, 0, NULL, NULL
  FROM payments_attempt a
 WHERE a.state = 'succeeded' AND a.failure_code = 'amount_differs'
   AND NOT EXISTS (SELECT 1 FROM said d JOIN bookings b USING (payment_id, movement)
                    WHERE d.attempt_id = a.id AND b.differs_minor IS NOT NULL)
 ORDER BY 1, 2
