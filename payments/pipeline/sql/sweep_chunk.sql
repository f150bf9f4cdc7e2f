-- I2: open payments in the order of their index, a chunk at a time, with those that nothing would ever look at:
-- no next action, not parked, no evidence waiting. Indexes: open_payments_in_queue, evidence_to_apply.
SELECT p.queue_key, p.due_at, p.id,
       p.next_action_at IS NULL AND p.parked_at IS NULL
         AND NOT EXISTS (SELECT 1 FROM payments_evidence e WHERE e.payment_id = p.id AND e.applied_at IS NULL)
  FROM payments_payment p
 WHERE p.state IN ('scheduled', 'in_flight')
   AND (p.queue_key, p.due_at, p.id) > (%(queue)s::uuid, %(due)s::timestamptz, %(id)s::uuid)
 ORDER BY p.queue_key, p.due_at, p.id
 LIMIT %(most)s
