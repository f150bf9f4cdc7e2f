-- I3, I4: in flight means that an attempt may still act, and an attempt that may still act is of one in flight.
-- Indexes: open_payments_in_queue, one_unresolved_attempt_per_payment.
SELECT p.id AS payment_id, p.state, NULL::text AS attempt_state
  FROM payments_payment p
 WHERE p.state = 'in_flight'
   AND NOT EXISTS (SELECT 1 FROM payments_attempt a
                    WHERE a.payment_id = p.id AND a.state IN ('sent', 'pending', 'unknown'))
UNION ALL
SELECT a.payment_id, p.state, a.state
  FROM payments_attempt a JOIN payments_payment p ON p.id = a.payment_id
 WHERE a.state IN ('sent', 'pending', 'unknown') AND p.state <> 'in_flight'
