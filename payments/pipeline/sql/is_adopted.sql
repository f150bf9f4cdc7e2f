-- The movement was booked under another attempt of this payment. Payment's attempts: one_attempt_per_number.
SELECT 1 FROM payments_attempt a JOIN payments_evidence e ON e.attempt_id = a.id
 WHERE a.payment_id = %(payment)s AND a.id <> %(attempt)s AND a.state = 'succeeded'
   AND e.outcome = 'succeeded' AND e.movement_id = %(movement)s AND e.applied_at IS NOT NULL
 LIMIT 1
