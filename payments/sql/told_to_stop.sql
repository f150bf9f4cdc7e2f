-- I1, I2: scheduled payments that were told to stop and that nothing speaks against any more: no open case, nothing to
-- apply, no attempt that was paid. Locks in id order. Index: payments_told_to_stop.
SELECT p.id, p.stop_code, p.stop_reason FROM payments_payment p
 WHERE p.state = 'scheduled' AND p.stop_code <> '' AND p.parked_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM payments_attempt a WHERE a.payment_id = p.id AND a.state = 'succeeded')
   AND NOT EXISTS (SELECT 1 FROM payments_case c WHERE c.payment_id = p.id AND c.closed_at IS NULL)
   AND NOT EXISTS (SELECT 1 FROM payments_evidence e WHERE e.payment_id = p.id AND e.applied_at IS NULL)
 ORDER BY p.id LIMIT %(most)s FOR UPDATE OF p SKIP LOCKED
