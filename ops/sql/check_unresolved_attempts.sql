-- I4: an attempt that may still act blocks every other. Index: one_unresolved_attempt_per_payment.
SELECT payment_id, count(*) AS unresolved
  FROM payments_attempt WHERE state IN ('sent', 'pending', 'unknown')
 GROUP BY payment_id
HAVING count(*) > 1
 ORDER BY payment_id
